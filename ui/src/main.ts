import "@fontsource-variable/inter/wght.css";

import "$lib/styles/tokens.css";
import "$lib/styles/base.css";

import { mount } from "svelte";

import { backend } from "$lib/backend";
import { Session } from "$lib/state/session.svelte";

import App from "./App.svelte";

const session = new Session(backend);
mount(App, { target: document.body, props: { session } });
void session.start();
