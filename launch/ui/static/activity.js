// What happened since the command was started, the newest first.
import {html} from "./vendor/lit-html.js";
import {BUNDLES, state} from "./state.js";
import {bundleLink, since} from "./words.js";

const SHOWN = 200;

export function activityPage() {
  return html`
    <h1 tabindex="-1">Activity</h1>
    <p class="quiet">What the command has seen since it was started, the newest first.</p>
    ${state.activity.length ? activityList(state.activity) : html`<p>Nothing has changed yet.</p>`}`;
}

export const activityList = entries => html`<ol class="log" role="list">${entries.slice(0, SHOWN).map(entry => html`
  <li>${since(entry.time)} <span class="quiet">ago, ${entry.namespace}</span>
    ${entry.plural === BUNDLES ? bundleLink(entry.namespace, entry.name) : html`endpoint <strong>${entry.name}</strong>`}:
    ${entry.text}</li>`)}</ol>`;
