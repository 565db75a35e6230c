// Texts and small pieces that several parts of the page share. What comes from the cluster is a text, never HTML.
import {html, nothing} from "./vendor/lit-html.js";

const LOOKS = {Ready: "good", Stored: "idle", Unknown: "idle", Starting: "busy", Updating: "busy", Moving: "busy",
  Deleting: "busy", Failing: "bad", Stalled: "bad"};
const UNITS = [["d", 86400], ["h", 3600], ["m", 60]];

export const health = word => html`<span class="health ${LOOKS[word] || "idle"}">${word}</span>`;

// as kubectl writes it: 5s, 3m, 4h, 12d
export function age(stamp, now = Date.now()) {
  const seconds = Math.max(0, Math.floor((now - Date.parse(stamp)) / 1000));
  if (Number.isNaN(seconds)) return "";
  for (const [unit, length] of UNITS) if (seconds >= 2 * length) return `${Math.floor(seconds / length)}${unit}`;
  return `${seconds}s`;
}

export const since = stamp => stamp ? html`<time datetime=${stamp} title=${stamp}>${age(stamp)}</time>` : nothing;

export const bundleLink = (namespace, name, text = name) =>
  html`<a href="#/bundle/${encodeURIComponent(namespace)}/${encodeURIComponent(name)}">${text}</a>`;

export const several = (count, word) => `${count} ${word}${count === 1 ? "" : "s"}`;

export const failure = message => message ? html`<p class="error" role="alert">${message}</p>` : nothing;
