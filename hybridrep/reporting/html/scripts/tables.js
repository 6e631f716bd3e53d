// Tables sort by the buttons in their headers: numbers by value, words by the alphabet, cells
// without a value always last. A third click brings back the order they came in.
(() => {
  const cellValue = (row, column) => {
    const cell = row.cells[column];
    if (cell.dataset.value === undefined) return cell.textContent.trim();
    return cell.dataset.value === "" ? null : Number(cell.dataset.value);
  };
  const compare = (a, b) =>
    typeof a === "number" && typeof b === "number" ? a - b : String(a).localeCompare(String(b));

  function sort(table, column, direction) {
    const body = table.tBodies[0];
    const rows = [...body.rows];
    rows.forEach((row, place) => { row.dataset.place ??= place; });
    rows.sort((first, second) => {
      const byPlace = first.dataset.place - second.dataset.place;
      if (direction === "none") return byPlace;
      const a = cellValue(first, column);
      const b = cellValue(second, column);
      if (a === null || b === null) return (a === null) - (b === null) || byPlace;
      return (direction === "descending" ? -compare(a, b) : compare(a, b)) || byPlace;
    });
    body.append(...rows);
  }

  const after = { none: "ascending", ascending: "descending", descending: "none" };
  for (const table of document.querySelectorAll("table.sortable")) {
    const headers = [...table.tHead.rows[0].cells];
    headers.forEach((header, column) => {
      header.querySelector("button").addEventListener("click", () => {
        const direction = after[header.getAttribute("aria-sort") || "none"];
        for (const other of headers) other.removeAttribute("aria-sort");
        if (direction !== "none") header.setAttribute("aria-sort", direction);
        sort(table, column, direction);
      });
    });
  }
})();
