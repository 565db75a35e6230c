// The phases of a pod's start as bars, each with its seconds beside it.
import {html, svg} from "./vendor/lit-html.js";

const WIDTH = 240, HEIGHT = 10;

export function starting({name, phases}) {
  const whole = Math.max(1, ...phases.map(phase => phase.begin + phase.seconds));
  return html`<table class="narrow"><caption>${name}</caption>
    <thead><tr><th scope="col">Phase</th><th scope="col">Seconds</th><td aria-hidden="true"></td></tr></thead>
    <tbody>${phases.map(phase => html`<tr><th scope="row">${phase.name}</th><td class="number">${phase.seconds}</td>
      <td aria-hidden="true"><svg width=${WIDTH} height=${HEIGHT} viewBox="0 0 ${WIDTH} ${HEIGHT}">${svg`
        <rect class="bar" x=${WIDTH * phase.begin / whole} width=${Math.max(1, WIDTH * phase.seconds / whole)} height=${HEIGHT}></rect>`}</svg></td>
      </tr>`)}</tbody></table>`;
}
