// The endpoints: what each is to lead to, what answers, and the moves between, as they happen.
import {html, nothing} from "./vendor/lit-html.js";
import {repeat} from "./vendor/directives/repeat.js";
import {activityList} from "./activity.js";
import {ENDPOINTS, keyOf, state} from "./state.js";
import {bundleLink, health, several, since} from "./words.js";
import {movePart} from "./writes.js";

const SHOWN = 500;

export function endpointsPage(redraw) {
  const rows = [...state.rows[ENDPOINTS].values()].sort((one, other) =>
    keyOf(one.namespace, one.name).localeCompare(keyOf(other.namespace, other.name)));
  const moves = state.activity.filter(entry => entry.plural === ENDPOINTS);
  return html`
    <h1 tabindex="-1">Endpoints</h1>
    <p class="quiet" role="status">${
      state.whole ? several(rows.length, "endpoint") : "reading ..."}${rows.length > SHOWN ? `, the first ${SHOWN} of them are shown` : nothing}</p>
    ${rows.length ? endpointsTable(rows.slice(0, SHOWN), redraw) : nothing}
    <h2>What happened</h2>
    ${moves.length ? activityList(moves) : html`<p>Nothing has changed since the command was started.</p>`}`;
}

export const endpointsTable = (rows, redraw) => html`<div class="wide" role="region" aria-label="Table of endpoints" tabindex="0"><table>
  <thead><tr><th scope="col">Name</th><th scope="col">Namespace</th><th scope="col">Health</th>
    <th scope="col">Bundle that answers</th><th scope="col">Message</th><th scope="col">Age</th></tr></thead>
  <tbody>${repeat(rows, row => keyOf(row.namespace, row.name), row => html`<tr>
    <th scope="row" class="text">${row.name}${row.url ? html`<br><span class="quiet">${row.url}</span>` : nothing}</th><td class="text">${row.namespace}</td><td>${health(row.health)}</td>
    <td class="text">${leads(row)}${movePart(row, redraw)}</td><td class="message">${row.message}</td>
    <td class="age">${since(row.createdAt)}</td></tr>`)}</tbody></table></div>`;

function leads({namespace, bundle, active, moving}) {
  if (moving) return html`${moving.from ? html`${bundleLink(namespace, moving.from)} → ` : nothing}${bundleLink(namespace, moving.to)}
    <br><span class="quiet">new connections go there${moving.until ? html`; open ones have moved by
      <time datetime=${moving.until}>${moving.until}</time>` : nothing}</span>`;
  if (active === bundle) return bundleLink(namespace, bundle);
  return html`${active ? bundleLink(namespace, active) : "none"}<br><span class="quiet">is to be ${bundleLink(namespace, bundle)}</span>`;
}
