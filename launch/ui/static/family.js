// The family of a bundle as a graph: nested lists, which CSS joins by lines, each clone behind what it changed.
import {html, nothing} from "./vendor/lit-html.js";
import {BUNDLES, rowAt, state} from "./state.js";
import {ask} from "./token.js";
import {bundleLink, failure, health} from "./words.js";

const AGAIN_MS = 10000;  // after a failure
let shown = {key: ""};

// asked again when a bundle of the family comes or goes; how they are is in their rows
export function refreshFamily(namespace, name, redraw) {
  const row = rowAt(BUNDLES, namespace, name), root = row && row.root;
  const names = [...state.rows[BUNDLES].values()].filter(other => other.namespace === namespace &&
    ((root && other.root === root) || other.base === name)).map(other => other.name);
  const key = JSON.stringify([namespace, name, names.sort()]);
  if (shown.key === key && !(shown.error && Date.now() - shown.asked > AGAIN_MS)) return;
  const mine = shown = {key, asked: Date.now(), place: `${namespace}/${name}`, members: shown.place === `${namespace}/${name}` ? shown.members : null};
  ask("family", {namespace, name}).then(
    found => Object.assign(mine, found),
    error => { mine.error = error.message; },
  ).finally(redraw);
}

export function familyPart(namespace, name) {
  const {members, complete, error} = shown;
  if (error) return failure(error);
  if (!members) return html`<p>reading ...</p>`;
  if (members.length < 2) return html`<p>It has neither a base nor clones.</p>`;
  const clones = new Map();
  members.forEach((member, at) => clones.set(member.parent, [...(clones.get(member.parent) || []), at]));
  return html`<div class="wide" role="region" aria-label="Family" tabindex="0">${level(null)}</div>
    ${complete === false ? html`<p>Only the first ${members.length} are drawn; \`modelbundle tree ${name}\` prints all.</p>` : nothing}`;

  function level(parent) {
    const here = clones.get(parent);
    return here ? html`<ul class=${parent === null ? "family" : ""} role="list">${here.map(at => html`
      <li><div class="member">${node(members[at])}</div>${level(at)}</li>`)}</ul>` : nothing;
  }

  function node(member) {
    const row = rowAt(BUNDLES, namespace, member.name);
    return html`<div class="node" aria-current=${member.name === name ? "true" : "false"}>${changed(member)}
        ${member.missing ? html`<span>${member.name}</span> <span class="quiet">${member.missing}</span>`
          : html`${bundleLink(namespace, member.name)} ${health(row ? row.health : member.health)}`}</div>`;
  }
}

function changed({parent, missing, changed, more}) {
  if (parent === null || missing) return nothing;
  if (changed === null) return html`<p class="change quiet">what it changes is not known</p>`;
  if (!changed.length) return html`<p class="change quiet">changes nothing</p>`;
  return html`<ul class="change" role="list" aria-label="What it changes">${changed.map(({path, before, after}) => html`<li>
    <code>${path}</code>${before ? html` <del>${before}</del>` : nothing}${after ? html` <ins>${after}</ins>` : nothing}</li>`)}
    ${more ? html`<li class="quiet">and ${more} more</li>` : nothing}</ul>`;
}
