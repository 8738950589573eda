import { type Choice, choicesOf, matching, ofNumber } from "./countries.ts";
import { element } from "./dom.ts";

interface Picker {
  readonly select: HTMLSelectElement;
  readonly button: HTMLButtonElement;
  readonly dialog: HTMLDialogElement;
  readonly search: HTMLInputElement;
  readonly list: HTMLElement;
  readonly status: HTMLElement;
  readonly phone: HTMLInputElement;
  readonly choices: readonly Choice[];
  shown: readonly Choice[];
  active: number;
}

/** When the list fills the whole screen; the same condition as in its style sheet. */
const SHEET = matchMedia("(max-width: 47.99rem), (max-height: 31.99rem)");

/** Replaces the select by a button with a searchable list. The form still sends the select. */
export function enhanceCountrySelect(root: ParentNode): void {
  const select = root.querySelector<HTMLSelectElement>("select[data-country]");
  const field = select?.closest<HTMLElement>("[data-phone-field]");
  const phone = field?.querySelector<HTMLInputElement>("input[type=tel]");
  if (!select || !field || !phone || !("showModal" in HTMLDialogElement.prototype)) return;
  const picker = build(select, phone);
  select.hidden = true;
  field.prepend(picker.button);
  field.append(picker.dialog);
  listen(picker, field);
  setOpen(picker, false);
  showChosen(picker);
}

function build(select: HTMLSelectElement, phone: HTMLInputElement): Picker {
  const { search: searchText = "", close: closeText = "" } = select.dataset;
  const button = element("button", { type: "button", class: "country-button", "aria-haspopup": "dialog" });
  const dialog = element("dialog", {
    class: "picker",
    "aria-label": select.getAttribute("aria-label") ?? "",
  });
  const search = element("input", {
    type: "text",
    class: "input picker-search",
    role: "combobox",
    placeholder: searchText,
    "aria-label": searchText,
    "aria-expanded": "true",
    "aria-controls": "countries",
    "aria-autocomplete": "list",
    autocomplete: "off",
    spellcheck: "false",
    enterkeyhint: "done",
  });
  const close = element("button", { type: "button", class: "link-button picker-close" }, closeText);
  const head = element("div", { class: "picker-head" });
  head.append(search, close);
  const list = element("ul", {
    id: "countries",
    class: "picker-list",
    role: "listbox",
    "aria-label": select.getAttribute("aria-label") ?? "",
  });
  const status = element("p", { class: "hidden-text", role: "status" });
  dialog.append(head, list, status);
  const picker: Picker = {
    select,
    button,
    dialog,
    search,
    list,
    status,
    phone,
    choices: choicesOf(select),
    shown: [],
    active: -1,
  };
  close.addEventListener("click", () => shut(picker, button));
  return picker;
}

function listen(picker: Picker, field: HTMLElement): void {
  const { button, dialog, search, list, phone, select } = picker;
  button.addEventListener("click", () => (dialog.open ? shut(picker, button) : open(picker)));
  // Also called when the system closes it, for example by the back gesture.
  dialog.addEventListener("close", () => setOpen(picker, dialog.open));
  SHEET.addEventListener("change", () => {
    if (dialog.open) reopen(picker);
  });
  search.addEventListener("input", () => show(picker, search.value, true));
  dialog.addEventListener("keydown", (event) => onKey(picker, event));
  list.addEventListener("click", (event) => {
    const item = (event.target as Element).closest("li[data-index]");
    if (item instanceof HTMLElement) choose(picker, Number(item.dataset.index));
  });
  // Pressing an option must not take the focus from the search field.
  list.addEventListener("mousedown", (event) => event.preventDefault());
  document.addEventListener("pointerdown", (event) => {
    if (dialog.open && !field.contains(event.target as Node)) shut(picker);
  });
  field.addEventListener("focusout", (event) => {
    if (dialog.open && event.relatedTarget && !field.contains(event.relatedTarget as Node)) shut(picker);
  });
  phone.addEventListener("input", () => followNumber(picker));
  select.addEventListener("change", () => showChosen(picker));
  addEventListener("pageshow", () => showChosen(picker));
}

function open(picker: Picker): void {
  const { dialog, search, select } = picker;
  search.value = "";
  showDialog(dialog);
  setOpen(picker, true);
  show(picker, "", false);
  activate(
    picker,
    picker.shown.findIndex(({ code }) => code === select.value),
  );
  search.focus();
}

function showDialog(dialog: HTMLDialogElement): void {
  if (SHEET.matches) dialog.showModal();
  else dialog.show();
}

/** Reopens the list in its other form after the screen was turned. */
function reopen(picker: Picker): void {
  picker.dialog.close();
  showDialog(picker.dialog);
  activate(picker, picker.active);
  picker.search.focus();
}

function setOpen({ button }: Picker, isOpen: boolean): void {
  button.setAttribute("aria-expanded", String(isOpen));
  button.parentElement?.classList.toggle("is-picking", isOpen);
}

function shut(picker: Picker, focus?: HTMLElement): void {
  picker.dialog.close();
  focus?.focus();
}

function choose(picker: Picker, index: number): void {
  const choice = picker.shown[index];
  if (!choice) return;
  picker.select.value = choice.code;
  showChosen(picker);
  shut(picker, picker.phone);
}

const STEPS: Readonly<Record<string, number>> = { ArrowDown: 1, ArrowUp: -1, PageDown: 8, PageUp: -8 };

function onKey(picker: Picker, event: KeyboardEvent): void {
  if (event.isComposing) return;
  const step = STEPS[event.key];
  if (step !== undefined) move(picker, step);
  else if (event.key === "Escape") shut(picker, picker.button);
  else if (event.key === "Enter" && event.target === picker.search) choose(picker, picker.active);
  else return;
  event.preventDefault();
}

function move(picker: Picker, step: number): void {
  const last = picker.shown.length - 1;
  activate(picker, Math.min(last, Math.max(0, picker.active + step)));
}

/** Shows the matching countries. With `announce`, a screen reader is told how many. */
function show(picker: Picker, query: string, announce: boolean): void {
  const { list, select, status } = picker;
  picker.shown = matching(picker.choices, query);
  list.replaceChildren(...picker.shown.map((choice, index) => option(choice, index, select.value)));
  const none = picker.shown.length === 0;
  const { noMatch = "", matches = "" } = select.dataset;
  if (none) list.append(element("li", { class: "picker-none", role: "presentation" }, noMatch));
  if (announce) status.textContent = none ? noMatch : matches.replace("{count}", String(picker.shown.length));
  activate(picker, none ? -1 : 0);
}

function option(choice: Choice, index: number, chosen: string): HTMLElement {
  const item = element("li", {
    id: `country-${choice.code}`,
    role: "option",
    "data-index": String(index),
    "aria-selected": String(choice.code === chosen),
  });
  const flag = element("span", { class: "flag", "aria-hidden": "true" }, choice.flag);
  const name = element("span", { class: "picker-name" }, choice.name);
  item.append(flag, name, element("span", { class: "picker-code" }, ` +${choice.callingCode}`));
  return item;
}

function activate(picker: Picker, index: number): void {
  const items = picker.list.querySelectorAll<HTMLElement>("li[data-index]");
  picker.active = index;
  for (const item of items) item.classList.toggle("is-active", item.dataset.index === String(index));
  const item = items[index];
  if (item) picker.search.setAttribute("aria-activedescendant", item.id);
  else picker.search.removeAttribute("aria-activedescendant");
  item?.scrollIntoView({ block: "nearest" });
}

function showChosen({ select, button, choices }: Picker): void {
  const choice = choices.find(({ code }) => code === select.value);
  if (!choice) return;
  const flag = element("span", { class: "flag", "aria-hidden": "true" }, choice.flag);
  button.replaceChildren(flag, `+${choice.callingCode}`);
  const { chosen = "" } = select.dataset;
  button.setAttribute("aria-label", chosen.replace("{country}", `${choice.name} +${choice.callingCode}`));
}

/** Follows a number's calling code to its country. */
function followNumber(picker: Picker): void {
  const choice = ofNumber(picker.choices, picker.phone.value, picker.select.value);
  if (!choice || choice.code === picker.select.value) return;
  picker.select.value = choice.code;
  showChosen(picker);
}
