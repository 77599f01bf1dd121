// Warns before a session ends by itself, and keeps it when the person wishes (WCAG 2.2, 2.2.1).
//
// The server decides when a session ends; this only counts along. Windows of one browser tell each other when one of
// them was active at the server, so that none warns too early.
"use strict";
(() => {
  const total = Number(document.body.dataset.idleSeconds);
  const dialog = document.getElementById("idle");
  if (!(total > 0) || !dialog?.showModal) return;
  const warn = Math.min(60, Math.floor(total / 3));
  const left = document.getElementById("idle-left");
  const form = dialog.querySelector("form");
  const others = "BroadcastChannel" in window ? new BroadcastChannel("ward-idle") : null;
  let ends = 0;

  const restart = () => {
    ends = Date.now() + total * 1000;
    if (dialog.open) dialog.close();
  };
  const tick = () => {
    const seconds = Math.ceil((ends - Date.now()) / 1000);
    if (seconds <= 0) return location.reload(); // the server shows what comes next
    if (seconds > warn) return;
    left.textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
    // Read out once near the end, not every second.
    left.setAttribute("aria-live", seconds === 20 ? "assertive" : "off");
    if (!dialog.open) dialog.showModal();
  };
  const stay = async () => {
    try {
      const answer = await fetch(form.action, {
        method: "POST",
        body: new URLSearchParams(new FormData(form)),
        credentials: "same-origin",
        redirect: "error",
      });
      if (!answer.ok) return location.reload();
      restart();
      others?.postMessage("stay");
    } catch {
      location.reload();
    }
  };

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    stay();
  });
  dialog.addEventListener("cancel", (event) => {
    event.preventDefault(); // Escape means "I am here" too
    stay();
  });
  others?.addEventListener("message", restart);
  restart();
  others?.postMessage("stay"); // this page came from the server just now
  setInterval(tick, 1000);
})();
