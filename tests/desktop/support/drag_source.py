"""A window in the corner of the screen from which the files of the arguments can be dragged, as from a file manager.

Prints a line when it is there, and one when the drag has ended.
"""

import pathlib
import sys

import gi

gi.require_version("Gdk", "3.0")
gi.require_version("Gtk", "3.0")
from gi.repository import Gdk, Gtk  # noqa: E402

uris = [pathlib.Path(name).as_uri() for name in sys.argv[1:]]
window = Gtk.Window(title="Files", decorated=False, accept_focus=False)
window.set_default_size(120, 60)
window.move(0, 0)
box = Gtk.EventBox()
box.add(Gtk.Label(label="Drag me"))
box.drag_source_set(Gdk.ModifierType.BUTTON1_MASK, [], Gdk.DragAction.COPY)
box.drag_source_add_uri_targets()
box.connect("drag-data-get", lambda _box, _context, data, _info, _time: data.set_uris(uris))
box.connect("drag-end", lambda _box, _context: print("ended", flush=True))
window.add(box)
window.connect("map-event", lambda _window, _event: print("there", flush=True))
window.connect("destroy", Gtk.main_quit)
window.show_all()
Gtk.main()
