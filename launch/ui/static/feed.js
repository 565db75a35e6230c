// The stream of changes: read as it comes, begun anew when it breaks off, let go while nobody looks at the page.
import {openStream} from "./token.js";

const QUIET_MS = 40000;   // the command sends something every 15 s
const HIDDEN_MS = 30000;  // a browser has six connections to one address
const FIRST_MS = 1000, LONGEST_MS = 30000;

// `changed(change)` is called for each, `connection(state, message)` when that is another
export function follow(changed, connection) {
  let pause = FIRST_MS, stop = null, timer = null, hidden = null;

  async function run() {
    stop = new AbortController();
    let alive = Date.now();
    const watchdog = setInterval(() => Date.now() - alive > QUIET_MS && stop.abort(), 5000);
    try {
      const answer = await openStream(stop.signal);
      if (answer.status === 401) {
        connection("refused", (await answer.json()).error.message);
        return;
      }
      if (!answer.ok) throw new Error(`the command answers ${answer.status}`);
      const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
      let rest = "";
      for (;;) {
        const {done, value} = await reader.read();
        if (done) break;
        alive = Date.now();
        const events = (rest + value).split("\n\n");
        rest = events.pop();
        for (const event of events) if (event.startsWith("data: ")) changed(JSON.parse(event.slice(6)));
        connection("live", "");
        pause = FIRST_MS;
      }
      throw new Error("the command has ended the stream");
    } catch (error) {
      if (hidden === true) return;
      const seconds = Math.round(pause / 1000);
      connection("lost", `The command \`modelbundle ui\` cannot be reached: what is shown is old. Next attempt in ${seconds} s.`);
      timer = setTimeout(run, pause);
      pause = Math.min(2 * pause, LONGEST_MS);
    } finally {
      clearInterval(watchdog);
    }
  }

  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "hidden") {
      hidden = setTimeout(() => { hidden = true; clearTimeout(timer); stop.abort(); }, HIDDEN_MS);
    } else {
      const wasLetGo = hidden === true;
      if (!wasLetGo) clearTimeout(hidden);
      hidden = null;
      if (wasLetGo) run();
    }
  });
  run();
}
