// Asks the server for its status every two seconds, while the page is seen, and shows it. Text goes in as text
// only, never as HTML: names come from other people's programs.

const PERIOD = 2000; // milliseconds

const find = (id) => document.getElementById(id);

function element(tag, className, text = "") {
  const made = document.createElement(tag);
  made.className = className;
  made.textContent = text;
  return made;
}

function show(id, text) {
  if (find(id).textContent !== text) find(id).textContent = text;
}

function bytes(size) {
  const units = ["B", "KB", "MB", "GB", "TB"];
  let unit = 0;
  let value = size;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${value < 10 && unit > 0 ? value.toFixed(1) : Math.round(value)} ${units[unit]}`;
}

function duration(seconds) {
  const s = Math.max(0, Math.round(seconds));
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min`;
  if (s < 86400) return `${Math.floor(s / 3600)} h ${Math.floor((s % 3600) / 60)} min`;
  return `${Math.floor(s / 86400)} d ${Math.floor((s % 86400) / 3600)} h`;
}

function plural(count, one, many) {
  return `${count} ${count === 1 ? one : many}`;
}

function bar(fraction) {
  const outer = element("span", "bar");
  outer.append(element("span", ""));
  fill(outer.firstChild, fraction);
  return outer;
}

function fill(span, fraction) {
  span.style.width = `${Math.min(1, Math.max(0, fraction)) * 100}%`;
}

// A bar of something that runs out; without a total there is nothing to measure against.
function showStore(name, used, total) {
  show(name, used === null ? "not in use" : bytes(used));
  show(`${name}-total`, total ? `of ${bytes(total)}` : "");
  const span = find(`${name}-bar`);
  span.parentElement.hidden = !total;
  if (!total) return;
  fill(span, used / total);
  span.classList.toggle("full", used > 0.9 * total);
}

function showTiles(status) {
  show("version", status.version);
  show("device", status.device);
  const replaced = status.worker_restarts;
  const parts = [status.model && `last model: ${status.model}`, replaced && `replaced ${plural(replaced, "time", "times")}`];
  show("model", parts.filter(Boolean).join(" · "));
  const { device_memory: used, device_memory_total: total } = status;
  showStore("memory", used, total);
  showStore("disk", status.spool_bytes, status.spool_quota);
  show("clients", String(status.clients));
  show("clients-detail", status.clients === 1 ? "open connection" : "open connections");
  const count = (state) => status.jobs.filter((job) => job.state === state).length;
  show("queue", String(count("queued")));
  show("queue-detail", `${count("running")} running, ${count("waiting")} waiting`);
}

function stateText(job) {
  if (job.state === "running") return `${Math.floor(job.fraction * 100)} %`;
  if (job.state === "queued") return job.position === 1 ? "next" : job.position ? `number ${job.position}` : "queued";
  return job.state;
}

function stageText(job, now) {
  const parts = [];
  if (job.state === "running" && job.stage) parts.push(job.stage);
  if (job.state === "running" && job.seconds_left !== null) parts.push(`about ${duration(job.seconds_left)} left`);
  if (job.state === "waiting") parts.push("waits for the editor's pixels");
  if (job.created) parts.push(`sent ${duration(now - job.created)} ago`);
  return parts.join(" · ");
}

function jobRow(job, now) {
  const row = element("li", "");
  const what = element("span", "what", job.operation);
  what.append(element("span", "who", `by ${job.owner}`));
  const course = element("span", "course");
  if (job.state === "running") course.append(bar(job.fraction));
  course.append(element("span", "stage", stageText(job, now)));
  row.append(what, course, element("span", `state ${job.state}`, stateText(job)));
  return row;
}

function errorRow(error, now) {
  const row = element("li", "");
  const details = error.job ? `${error.code} · job ${error.job.slice(0, 8)}` : error.code;
  row.append(element("time", "", `${duration(now - error.time)} ago`), element("span", "", error.message));
  row.append(element("code", "", details));
  return row;
}

function leftOutRow(point) {
  const row = element("li", "");
  row.append(element("span", "", point.package), element("span", "", `${point.name}: ${point.reason}.`));
  row.append(element("code", "", point.group));
  return row;
}

function showStatus(status) {
  showTiles(status);
  find("no-jobs").hidden = status.jobs.length > 0;
  find("jobs").replaceChildren(...status.jobs.map((job) => jobRow(job, status.now)));
  find("errors-section").hidden = status.errors.length === 0;
  find("errors").replaceChildren(...status.errors.map((error) => errorRow(error, status.now)));
  find("left-out-section").hidden = status.left_out.length === 0;
  find("left-out").replaceChildren(...status.left_out.map(leftOutRow));
  const running = status.jobs.find((job) => job.state === "running");
  document.title = running ? `${stateText(running)} · Foveate` : "Foveate";
  pulse("good", `Up ${duration(status.now - status.started)}`);
  notice("");
}

function pulse(kind, text) {
  find("pulse").className = `pulse ${kind}`;
  show("pulse", text);
}

function notice(text) {
  find("notice").hidden = text === "";
  show("notice", text);
}

async function refresh() {
  let response;
  try {
    response = await fetch("/status.json", { signal: AbortSignal.timeout(5000) });
  } catch {
    pulse("bad", "No answer");
    notice("The server does not answer. It may have ended; this page keeps trying.");
    return true;
  }
  if (response.status === 401) {
    pulse("bad", "Signed out");
    notice("This page is no longer signed in. Open a fresh one with: foveate status --page");
    return false;
  }
  if (response.ok) showStatus(await response.json());
  else notice(`The server answered with status ${response.status}. Its log says why.`);
  return true;
}

async function loop() {
  if (document.hidden || (await refresh())) setTimeout(loop, PERIOD);
}

document.addEventListener("visibilitychange", () => {
  if (!document.hidden) refresh();
});
loop();
