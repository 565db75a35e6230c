// One bundle: facts, conditions, history, pods with their logs, children, YAML. Asked again when its row changes.
import {html, nothing} from "./vendor/lit-html.js";
import {endpointsTable} from "./endpoints.js";
import {familyPart} from "./family.js";
import {BUNDLES, ENDPOINTS, rowAt, state} from "./state.js";
import {starting} from "./starting.js";
import {ask} from "./token.js";
import {tryPart} from "./try.js";
import {bundleLink, failure, health, since} from "./words.js";
import {scalePart} from "./writes.js";

const AGAIN_MS = 10000;  // pods are not watched
let shown = {key: ""};

// asks for what is shown where it is another bundle, or its row has changed, or pods may have
export function refreshBundle(namespace, name, redraw, now = Date.now()) {
  const key = JSON.stringify([namespace, name]), row = rowAt(BUNDLES, namespace, name);
  if (shown.key !== key) shown = {key, asked: 0, version: "", page: null, error: "", log: {}, yaml: {}};
  const version = row ? row.version + row.health : "";
  if (shown.busy || (version === shown.version && now - shown.asked < AGAIN_MS)) return;
  const mine = Object.assign(shown, {busy: true, asked: now, version});
  ask("bundle", {namespace, name}).then(
    page => Object.assign(mine, {page, error: ""}),
    error => Object.assign(mine, {error: error.message}),
  ).finally(() => { mine.busy = false; redraw(); });
}

export function bundlePage(namespace, name, redraw) {
  const {page, error} = shown, row = rowAt(BUNDLES, namespace, name) || (page && page.row);
  return html`
    <p><a href="#/">Bundles</a></p>
    <h1 tabindex="-1">${name}</h1>
    ${failure(error)}
    ${row ? html`${facts(row, page)}${scalePart(row, redraw)}` : error ? nothing : html`<p>reading ...</p>`}
    ${page ? html`
      ${endpoints(namespace, name, redraw)}
      <h2>Try it</h2>${tryPart(row, redraw)}
      <h2>Family</h2>${familyPart(namespace, name)}
      <h2>Conditions</h2>${conditions(page.conditions)}
      <h2>Pods</h2>${pods(page, namespace, redraw)}
      <h2>History</h2>${history(page)}
      <h2>Made by the operator</h2>${children(page)}
      <h2>YAML</h2>${yaml(namespace, name, redraw)}` : nothing}`;
}

// a large one takes the command a while, so it is asked for when it is to be seen
function yaml(namespace, name, redraw) {
  const mine = shown;
  const read = event => {
    if (!event.target.open) return;
    ask("yaml", {namespace, name}).then(
      found => { mine.yaml = {text: found.text}; },
      error => { mine.yaml = {error: error.message}; },
    ).finally(redraw);
  };
  return html`<details @toggle=${read}><summary>Without its status</summary>${failure(mine.yaml.error)}
    ${mine.yaml.text ? html`<pre tabindex="0">${mine.yaml.text}</pre>` : html`<p>reading ...</p>`}</details>`;
}

function endpoints(namespace, name, redraw) {
  const rows = [...state.rows[ENDPOINTS].values()].filter(row => row.namespace === namespace &&
    [row.bundle, row.active, row.moving?.from].includes(name));
  return rows.length ? html`<h2>Endpoints</h2>${endpointsTable(rows, redraw)}` : nothing;
}

function facts(row, page) {
  const more = page ? page.facts : {ancestors: []};
  const line = (title, value) => value ? html`<dt>${title}</dt><dd>${value}</dd>` : nothing;
  return html`<dl>
    <dt>Health</dt><dd>${health(row.health)} ${row.reason}<div class="lines">${row.message}</div></dd>
    ${line("Namespace", row.namespace)}
    ${line("Created as", row.shown !== row.name ? row.shown : "")}
    <dt>Replicas</dt><dd>${row.readyReplicas} of ${row.replicas} answer</dd>
    ${line("Image", row.image)} ${line("Image that ran", more.imageID)} ${line("Digest", row.digest)}
    ${line("Requirements", more.requirements)} ${line("URL in the cluster", more.url)} ${line("Owner", more.owner)}
    ${line("Created", html`${since(row.createdAt)} ago`)}
    ${line("Derived from", more.ancestors.length ? more.ancestors.map((name, at) =>
      html`${at ? " ← " : ""}${bundleLink(row.namespace, name)}`) : "")}</dl>`;
}

const conditions = entries => entries.length ? html`<div class="wide" role="region" aria-label="Conditions" tabindex="0"><table>
  <thead><tr><th scope="col">Type</th><th scope="col">Status</th><th scope="col">Reason</th><th scope="col">Message</th>
    <th scope="col">Since</th></tr></thead>
  <tbody>${entries.map(entry => html`<tr><th scope="row">${entry.type}</th><td>${entry.status}</td>
    <td>${entry.reason}</td><td class="message lines">${entry.message}</td><td class="age">${since(entry.since)}</td></tr>`)}
  </tbody></table></div>` : html`<p>None yet.</p>`;

const history = page => html`${failure(page.errors.events)}
  ${page.history.length ? html`<ol class="log" role="list">${page.history.map(entry => html`
    <li>${since(entry.time)} <span class="quiet">ago, ${entry.what}${entry.count > 1 ? `, ${entry.count} times` : ""}</span>
      <strong>${entry.type}</strong> ${entry.reason} <span class="lines">${entry.message}</span></li>`)}</ol>`
    : html`<p>Nothing.</p>`}`;

const children = page => html`${failure(page.errors.children)}
  ${page.children.length ? html`<table><thead><tr><th scope="col">Kind</th><th scope="col">Name</th><th scope="col">Age</th>
    </tr></thead><tbody>${page.children.map(child => html`<tr><td>${child.plural}</td>
      <td class="text">${child.error ? html`<span class="error">${child.error}</span>` : child.name}</td>
      <td class="age">${since(child.createdAt)}</td></tr>`)}</tbody></table>` : html`<p>None.</p>`}`;

function pods(page, namespace, redraw) {
  return html`${failure(page.errors.pods)}
    ${page.pods.length ? html`<div class="wide" role="region" aria-label="Pods" tabindex="0"><table>
      <thead><tr><th scope="col">Pod</th><th scope="col">Phase</th><th scope="col">Node</th><th scope="col">Restarts</th>
        <th scope="col">Containers and their logs</th><th scope="col">Age</th></tr></thead>
      <tbody>${page.pods.map(pod => podLine(pod, namespace, redraw))}</tbody></table></div>` : html`<p>None.</p>`}
    ${page.pods.some(pod => pod.phases.length) ? html`<h3>How they started</h3>
      ${page.pods.map(pod => pod.phases.length ? starting(pod) : nothing)}` : nothing}
    ${logPart(redraw)}`;
}

const podLine = (pod, namespace, redraw) => html`<tr>
  <th scope="row" class="text">${pod.name}</th>
  <td>${pod.phase}${pod.message ? html`<br><span class="quiet">${pod.message}</span>` : nothing}</td>
  <td class="text">${pod.node}</td><td class="number">${pod.restarts}</td>
  <td>${pod.containers.map(container => html`<div class="row">
    <button aria-label="Log of ${container.name} in ${pod.name}"
      @click=${() => readLog({namespace, pod: pod.name, container: container.name}, redraw)}>${container.name}</button>
    ${container.hasPrevious ? html`<button aria-label="Log of ${container.name} in ${pod.name}, before its restart"
      @click=${() => readLog({namespace, pod: pod.name, container: container.name, previous: "true"}, redraw)}
      >before its restart</button>` : nothing}
    <span>${container.state} ${container.reason}</span>
    ${container.message ? html`<span class="quiet lines">${container.message}</span>` : nothing}</div>`)}</td>
  <td class="age">${since(pod.createdAt)}</td></tr>`;

function readLog(asked, redraw) {
  const mine = shown;
  mine.log = {asked, text: "", error: ""};
  redraw();
  ask("log", asked).then(
    found => { mine.log = {asked, text: found.text || "It wrote nothing.", cut: found.cut}; },
    error => { mine.log = {asked, error: error.message}; },
  ).finally(redraw);
}

function logPart(redraw) {
  const {asked, text, error, cut} = shown.log;
  if (!asked) return nothing;
  return html`<section aria-label="Log" aria-live="polite">
    <div class="row"><h3>Log of ${asked.container} in ${asked.pod}${asked.previous ? " before its last restart" : ""}</h3>
      <button @click=${() => readLog(asked, redraw)}>Read again</button></div>
    ${failure(error)}
    ${text ? html`<p class="quiet">The last 500 lines${cut ? ", cut where they are longer than 256 KiB" : ""}.</p>
      <pre tabindex="0">${text}</pre>` : error ? nothing : html`<p>reading ...</p>`}</section>`;
}
