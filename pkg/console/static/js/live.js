// Renews the live parts of a page in place. The page works without it.
(() => {
  "use strict";
  const live = document.getElementById("live");
  if (!live || !live.dataset.live) return;

  const busy = 2000; // milliseconds between looks while a sync runs
  const idle = 15000;
  let failures = 0;

  // parts are replaced one by one and only when they changed, so that nothing
  // moves, loses its focus or is read out for no reason.
  function renew(html) {
    const next = new DOMParser().parseFromString(html, "text/html");
    for (const fresh of next.querySelectorAll("[id^='part-']")) {
      const old = document.getElementById(fresh.id);
      if (!old || old.isEqualNode(fresh)) continue;
      if (old.contains(document.activeElement)) {
        keepFocus(old, fresh);
      } else {
        old.replaceWith(document.adoptNode(fresh));
      }
    }
  }

  // keepFocus renews a part that holds the focus and gives it back to the same
  // link or button.
  function keepFocus(old, fresh) {
    const selector = "a[href], button, [tabindex]";
    const at = [...old.querySelectorAll(selector)].indexOf(document.activeElement);
    const was = document.activeElement.textContent;
    old.replaceWith(document.adoptNode(fresh));
    const same = [...fresh.querySelectorAll(selector)];
    const target = same[at] && same[at].textContent === was ? same[at] : same.find((e) => e.textContent === was);
    if (target) target.focus({ preventScroll: true });
  }

  async function look() {
    let pause = idle;
    try {
      const answer = await fetch(live.dataset.live, { headers: { Accept: "text/html" }, redirect: "error", cache: "no-store" });
      if (answer.status === 401) {
        location.reload(); // signed out meanwhile
        return;
      }
      if (!answer.ok) throw new Error(String(answer.status));
      renew(await answer.text());
      failures = 0;
      document.body.classList.remove("offline");
      if (live.querySelector(".run-now")) pause = busy;
    } catch {
      failures++;
      if (failures > 1) document.body.classList.add("offline");
      pause = Math.min(60000, busy * 2 ** failures);
    }
    setTimeout(() => (document.hidden ? whenSeen() : look()), pause);
  }

  // A page that nobody sees asks for nothing.
  function whenSeen() {
    document.addEventListener("visibilitychange", look, { once: true });
  }

  setTimeout(look, live.querySelector(".run-now") ? busy : idle);
})();
