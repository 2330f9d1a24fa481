(() => {
  "use strict";
  const form = document.getElementById("controls");
  if (!form) return;
  const groups = document.getElementById("groups");
  const status = document.getElementById("status");
  const findings = [...groups.querySelectorAll(".finding")];
  const texts = new Map(findings.map((f) => [f, f.textContent.toLowerCase()]));
  const rules = [...groups.children];
  const tables = [...form.table.options].slice(1).map((option) => tableGroup(option.value));

  function tableGroup(name) {
    const group = document.createElement("section");
    const head = document.createElement("h3");
    const count = document.createElement("span");
    const list = document.createElement("div");
    group.className = "group";
    group.dataset.group = name;
    count.className = "count";
    list.className = "list";
    head.append(name, " ", count);
    group.append(head, list);
    return group;
  }

  function arrange() {
    const view = form.view.value;
    const shown = view === "table" ? tables : rules;
    const lists = new Map(shown.map((g) => [g.dataset.group, g.querySelector(".list")]));
    for (const finding of findings) lists.get(finding.dataset[view]).append(finding);
    groups.classList.toggle("by-table", view === "table");
    groups.replaceChildren(...shown);
    filter();
  }

  function filter() {
    const words = form.search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const severities = new Set([...form.querySelectorAll("[name=severity]:checked")].map((box) => box.value));
    const fits = (finding) =>
      severities.has(finding.dataset.severity) &&
      (!form.table.value || finding.dataset.table === form.table.value) &&
      (!form.rule.value || finding.dataset.rule === form.rule.value) &&
      words.every((word) => texts.get(finding).includes(word));
    for (const finding of findings) finding.hidden = !fits(finding);
    let total = 0;
    for (const group of groups.children) total += tally(group);
    const all = findings.length.toLocaleString("en");
    status.textContent = total ? `Showing ${total.toLocaleString("en")} of ${all} findings.` : `None of the ${all} findings fits the filters.`;
  }

  function tally(group) {
    const count = group.querySelectorAll(".finding:not([hidden])").length;
    group.querySelector(".count").textContent = count.toLocaleString("en");
    group.hidden = !count;
    return count;
  }

  // In a wide row the offending cell may stand outside what is seen.
  const unseen = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) {
      const hit = target.querySelector("td.hit");
      if (!isIntersecting || !hit) continue;
      if (hit.offsetLeft + hit.offsetWidth > target.clientWidth) target.scrollLeft = hit.offsetLeft - target.clientWidth / 2;
      unseen.unobserve(target);
    }
  });
  groups.querySelectorAll(".row").forEach((row) => unseen.observe(row));

  form.addEventListener("input", (event) => (event.target.name === "view" ? arrange() : filter()));
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => setTimeout(arrange));
  form.hidden = false;
  arrange();
})();
