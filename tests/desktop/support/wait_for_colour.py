"""Prints a line, then waits until the screen shows a stroke of this colour (RRGGBB), and prints another."""

import sys
import time

import gi

gi.require_version("Gdk", "3.0")
from gi.repository import Gdk  # noqa: E402

stroke = bytes.fromhex(sys.argv[1]) * 40
screen = Gdk.get_default_root_window()
print("watching", flush=True)
while True:
    picture = Gdk.pixbuf_get_from_window(screen, 0, 0, screen.get_width(), screen.get_height())
    if stroke in picture.get_pixels():
        print("seen", flush=True)
        break
    time.sleep(0.005)
