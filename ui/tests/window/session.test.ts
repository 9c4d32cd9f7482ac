// What the window does with what arrives and with what goes wrong.
import { expect, test } from "vitest";

import { failure } from "$lib/backend/failure";

import {
  certificate,
  container,
  containerOf,
  documents,
  encrypted,
  file,
  keyFile,
  misnamed,
  missing,
  oldContainer,
  openedOf,
  people,
  privateKey,
  records,
} from "../../src/dev/samples";
import { press, settle, type } from "../../src/dev/states";
import { begin, deliver, holds, openContainer, played, screen } from "./window";


/** What notes on the window say. */
const notes = () =>
  [...document.querySelectorAll("div.note")].map((note) => note.textContent.replace(/\s+/g, " ").trim()).join(" ");

const called = (button: Element) => button.getAttribute("aria-label") ?? button.textContent.trim();

const buttons = () => [...document.querySelectorAll("button")].map((button) => button.textContent.trim());

test("opens a container and encrypts everything else", async () => {
  await begin();
  await openContainer(records.password);
  expect(screen()).toBe("open");
  await deliver(documents);
  expect(screen()).toBe("encrypt");
  played.session.home();
  await deliver([container, ...documents]);
  expect(screen()).toBe("encrypt");
});

test("counts the password among those for whom a container is encrypted", async () => {
  await begin();
  await openContainer(records.password, records.key, records.card);
  expect(document.querySelector("h2 + div")?.textContent).toContain("Encrypted for 2 recipients and a password ·");
  await openContainer(records.key, records.card);
  expect(document.querySelector("h2 + div")?.textContent).toContain("Encrypted for 2 recipients ·");
});

test("explains the old format", async () => {
  await begin();
  await deliver([oldContainer]);
  expect(document.querySelector("h2")?.textContent).toBe("This container has the old format");
});

test("takes a certificate that is dropped on the recipients as a recipient", async () => {
  await begin();
  await deliver(documents);
  played.double.answers.recipients = people.slice(0, 1);
  const column = document.querySelector("[data-drop]")!.getBoundingClientRect();
  await deliver([certificate], { x: column.x + 20, y: column.y + 20 });
  expect(played.double.called("recipientFrom")[0]?.args).toEqual([certificate.id]);
  expect(document.body.textContent).toContain(people[0]!.name);
  expect(document.body.textContent).not.toContain("There are no files in that folder.");
  await deliver([certificate], { x: 20, y: column.y + 20 });
  expect(document.body.textContent).toContain(certificate.name.slice(0, 4));
});

test("takes a private key neither as a recipient nor, without a word, as a file", async () => {
  await begin();
  await deliver(documents);
  const column = document.querySelector("[data-drop]")!.getBoundingClientRect();
  played.double.backend.recipientFrom = () =>
    Promise.reject(failure("recipient_is_private", { subject: privateKey.name }));
  await deliver([privateKey], { x: column.x + 20, y: column.y + 20 });
  expect(document.body.textContent).toContain("That is a private key.");
  expect(document.body.textContent).not.toContain("among the files");
  await deliver([privateKey], { x: 20, y: column.y + 20 });
  expect(document.body.textContent).toContain("There is a private key among the files:");
});

test("takes a file that is dropped on a container's status as a key", async () => {
  await begin();
  played.double.answers.keyFile = keyFile;
  await openContainer(records.password, records.key);
  await deliver([file("toomas.p12", 3_000)]);
  expect(screen()).toBe("open");
  expect(played.double.called("keyFileFrom")).toHaveLength(1);
  await type("Password of the key file", "1234");
});

test("says that a certificate which is dropped on a container's status opens nothing", async () => {
  await begin();
  const problem = failure("key_file_is_public", { subject: "mari.crt" });
  played.double.answers.keyFile = { ...keyFile, name: "mari.crt", needsPassword: false, problem };
  await openContainer(records.password, records.key);
  await deliver([certificate]);
  expect(document.body.textContent).toContain("A certificate cannot open it");
  expect(document.body.textContent).toContain("Choose the file with the private key of this certificate.");
});

test("says until when containers used before can be opened", async () => {
  await begin("start");
  const rows = [...document.querySelectorAll(".recent li")].map((row) => row.textContent ?? "");
  expect(rows[0]).toContain("opens until");
  expect(rows[1]).toContain("could be opened until");
  expect(rows[2]).not.toContain("until");
});

test("keeps a draft when a container is double-clicked, and offers the container", async () => {
  await begin();
  await deliver(documents);
  await deliver([container], null);
  expect(screen()).toBe("encrypt");
  played.double.answers.inspect = () => Promise.resolve(containerOf(records.password));
  await press("Continue with it");
  expect(screen()).toBe("open");
});

test("offers what arrived during an operation afterwards", async () => {
  await begin();
  await openContainer(records.password);
  played.double.answers.open = () => played.double.never();
  await type("Password", "secret");
  await press("Open with password");
  await deliver(documents);
  expect(screen()).toBe("working");
  await press("Cancel");
  expect(document.body.textContent).toContain("Meanwhile 3 files arrived.");
  await press("Continue with them");
  expect(screen()).toBe("encrypt");
});

test("asks what to do with a file that exists, and goes on with the answer", async () => {
  await begin();
  await openContainer(records.password);
  played.double.answers.open = () =>
    played.double.called("open").length === 1
      ? Promise.reject(failure("already_exists", { subject: "a.txt" }))
      : Promise.resolve(openedOf(1));
  await type("Password", "secret");
  await press("Open with password");
  await press("Replace");
  const [first, second] = played.double.called("open").map((call) => call.args);
  expect(first).toMatchObject([{ names: { existing: "refuse" } }, "secret"]);
  expect(second).toMatchObject([{ names: { existing: "overwrite" } }, "secret"]);
  expect(screen()).toBe("opened");
});

test("offers safe names and higher limits once", async () => {
  await begin();
  await openContainer(records.password);
  const failures = [
    failure("unsafe_content", {
      number: 24,
      refused: [
        { name: "CON", reason: { kind: "device" }, safeName: "_CON", detail: "" },
        { name: "a:b", reason: { kind: "character", character: ":" }, safeName: "a_b", detail: "" },
      ],
    }),
    failure("limits_exceeded", { subject: "files" }),
  ];
  played.double.answers.open = () => Promise.reject(failures.shift() ?? failure("limits_exceeded"));
  await type("Password", "secret");
  await press("Open with password");
  expect(document.querySelector("h2")?.textContent).toBe("File names in it could do harm");
  const told = [...document.querySelectorAll("main li")].map((item) => item.textContent.replace(/[\u2066-\u2069]/g, ""));
  expect(told).toEqual([
    expect.stringMatching(/“CON”.*On Windows this name means a device\..*proposed name: “_CON”/),
    expect.stringMatching(/“a:b”.*the character “:”.*proposed name: “a_b”/),
    "and 22 more files",
  ]);
  await press("Use the proposed names");
  await press("Open it all the same");
  expect(played.double.called("open").at(-1)?.args[0]).toMatchObject({
    names: { safeNames: true },
    raiseLimits: true,
  });
  expect(document.body.textContent).not.toContain("Open it all the same");
});

test("offers no safe name for a link in a container, but a message that asks for plain files", async () => {
  await begin();
  await openContainer(records.password);
  played.double.answers.open = () => Promise.reject(failure("unsafe_content", { subject: "aruanne.docx" }));
  await type("Password", "secret");
  await press("Open with password");
  expect(document.querySelector("h2")?.textContent).toBe("Not everything in it is a plain file");
  expect(document.body.textContent).not.toMatch(/proposed name/);
  expect(buttons()).toEqual(expect.arrayContaining(["Copy a message to the sender", "Back"]));
  await press("Copy a message to the sender");
  const [message] = played.double.called("copyText")[0]!.args;
  expect(message).toContain(container.name);
  expect(message).toContain("aruanne.docx");
  expect(message).toContain("plain files only");
});

test("leads back to what was filled in by the arrow as by the button, and to the start where there is nothing", async () => {
  await begin();
  await openContainer(records.password);
  const failures = [failure("disk_full"), failure("disk_full"), failure("damaged")];
  played.double.answers.open = () => Promise.reject(failures.shift()!);
  const backs = () => [...document.querySelectorAll<HTMLButtonElement>("button")].filter((button) => called(button) === "Back");
  for (const which of [0, 1]) {
    await type("Password", "secret");
    await press("Open with password");
    expect(backs()).toHaveLength(2);
    backs()[which]!.click();
    await settle();
    expect(screen()).toBe("open");
  }
  await type("Password", "secret");
  await press("Open with password");
  expect(backs()).toHaveLength(1);
  await press("Back");
  expect(screen()).toBe("start");
});

test("says once how many links in a folder were left out", async () => {
  await begin();
  await deliver(documents, null, 1);
  expect(document.body.textContent).toContain("1 link in the folder was left out.");
  await press("Close the notice");
  expect(document.body.textContent).not.toContain("left out");
  await deliver([file("a.txt", 1)], null, 3);
  expect(document.body.textContent).toContain("3 links in the folder were left out.");
  await deliver([file("b.txt", 1)]);
  expect(document.body.textContent).not.toContain("left out");
  await deliver([file("c.txt", 1)], null, 2);
  await press("Add a password");
  await type("New password", "correct horse battery");
  await type("The same password again", "correct horse battery");
  await press("Encrypt with a password");
  expect(played.double.called("encrypt")).toHaveLength(1);
  await press("Back to the files");
  expect(document.body.textContent).not.toContain("left out");
});

test("counts the links of everything that arrived during an operation", async () => {
  await begin();
  await openContainer(records.password);
  played.double.answers.open = () => played.double.never();
  await type("Password", "secret");
  await press("Open with password");
  await deliver(documents, null, 1);
  await deliver([file("a.txt", 1)], null, 2);
  await press("Cancel");
  await press("Continue with them");
  expect(document.body.textContent).toContain("3 links in the folder were left out.");
});

test("tells an empty folder from one that holds links only, at the start and beside a draft", async () => {
  await begin();
  const [empty, links] = ["There are no files in that folder.", "There are only links in that folder"];
  for (const where of ["start", "encrypt"]) {
    if (where === "encrypt") await deliver(documents);
    expect(screen()).toBe(where);
    await deliver([]);
    expect(notes()).toContain(empty);
    await deliver([], null, 2);
    expect(notes()).not.toContain(empty);
    expect(notes()).toContain(links);
  }
  await deliver([file("a.txt", 1)]);
  expect(notes()).toBe("");
});

test("says that nothing was copied when nothing was", async () => {
  await begin();
  played.double.answers.encrypt = () => Promise.resolve(encrypted);
  await deliver(documents);
  played.double.answers.recipients = people.slice(0, 1);
  await press("Add certificates");
  await press("Encrypt for 1 recipient");
  const refuse = () => Promise.reject(failure("internal", { detail: "no clipboard" }));
  for (const button of ["Copy path", "Copy a text to send along"]) {
    played.double.answers.system = refuse;
    await press(button);
    expect(notes()).toContain("It could not be copied.");
    expect(document.body.textContent).not.toContain("Copied");
    played.double.answers.system = () => Promise.resolve();
    await press(button);
    expect(notes()).toBe("");
    expect(buttons()).toContain("Copied");
    played.double.answers.system = refuse;
    await press("Copied");
    expect(document.body.textContent).not.toContain("Copied");
  }
});

test("says that details, a message and a password were not copied", async () => {
  await begin();
  await deliver(documents);
  played.double.answers.system = () => Promise.reject(failure("internal"));
  await press("Add a password");
  await press("Suggest one");
  await press("Copy the password");
  expect(notes()).toContain("It could not be copied.");
  expect(document.body.textContent).not.toContain("Copied");
  await press("Close the notice");
  expect(notes()).toBe("");
  await press("Encrypt with a password");
  await press("Copy details");
  expect(notes()).toContain("It could not be copied.");
  expect(document.body.textContent).not.toContain("Copied");
  await openContainer(records.password);
  expect(notes()).toBe("");
  played.double.answers.open = () => Promise.reject(failure("damaged"));
  await type("Password", "secret");
  await press("Open with password");
  await press("Copy a message to the sender");
  expect(notes()).toContain("It could not be copied.");
  expect(document.body.textContent).not.toContain("Copied");
});

test("says why a file is not shown or opened", async () => {
  await begin();
  await openContainer(records.password);
  played.double.answers.open = () => Promise.resolve(openedOf(3));
  await type("Password", "secret");
  await press("Open with password");
  played.double.answers.system = () => Promise.reject(failure("not_readable", { subject: "selgitus.docx" }));
  await press("Open: selgitus.docx");
  expect(notes()).toContain("The file could not be opened. Check that it is still there");
  await press("Open folder");
  expect(notes()).toContain("The folder could not be shown. Check that it is still there");
  await press("Back");
  expect(notes()).toBe("");
  await press(`Show in folder: ${container.name}`);
  expect(notes()).toContain("The folder could not be shown.");
});

test("says at the field that the password is wrong, with the hint", async () => {
  await begin();
  await openContainer(records.password);
  played.double.answers.open = () => Promise.reject(failure("wrong_password"));
  await type("Password", "secret");
  await press("Open with password");
  const input = document.querySelector<HTMLInputElement>("input[type=password]")!;
  expect(input.getAttribute("aria-invalid")).toBe("true");
  expect(document.getElementById(input.getAttribute("aria-describedby")!)?.textContent).toContain("wrong");
  expect(document.body.textContent).toContain(records.password.hint);
  expect(input.value).toBe("");
});

test("passes a password on and keeps it nowhere", async () => {
  await begin();
  await deliver(documents);
  await press("Add a password");
  await type("New password", "correct horse battery");
  await type("The same password again", "correct horse battery");
  await press("Encrypt with a password");
  expect(played.double.called("encrypt")[0]?.args[1]).toBe("correct horse battery");
  await press("Back to the files");
  expect([...document.querySelectorAll("input")].filter((input) => input.value.includes("correct"))).toEqual([]);
  expect(holds(played.session, "correct horse battery")).toBe(false);
});

test("does not encrypt with passwords that differ, nor with one that the hint tells", async () => {
  await begin();
  await deliver(documents);
  await press("Add a password");
  await type("New password", "kevad2026");
  await type("The same password again", "kevad2025");
  await press("Encrypt with a password");
  expect(document.body.textContent).toContain("The passwords differ.");
  await type("The same password again", "kevad2026");
  await type("Hint", "Kevad2026");
  await press("Encrypt with a password");
  expect(played.double.called("encrypt")).toEqual([]);
});

test("changes the language and the appearance of what is shown", async () => {
  await begin();
  document.querySelector<HTMLInputElement>("input[value=ru]")!.click();
  document.querySelector<HTMLInputElement>("input[value=dark]")!.click();
  await settle();
  expect(document.querySelector("h2")?.textContent).toBe("Перетащите файлы сюда");
  expect(document.documentElement.lang).toBe("ru");
  expect(document.documentElement.dataset["theme"]).toBe("dark");
  expect(played.double.called("setLanguage")[0]?.args).toEqual(["ru"]);
  expect(played.double.called("setAppearance")[0]?.args).toEqual(["dark"]);
});

test("says that a file with a container's name is none, and encrypts it when it shall", async () => {
  await begin();
  for (const position of [null, { x: 200, y: 300 }]) {
    await deliver([misnamed], position);
    expect(document.querySelector("h2")?.textContent).toBe("This is not an encrypted container");
    expect(document.querySelector("h1")?.textContent).toBe(misnamed.name);
    expect(buttons()).toEqual(expect.arrayContaining(["Open another container…", "Encrypt it all the same"]));
  }
  played.double.answers.chosenAgain = () => Promise.resolve(misnamed);
  await press("Encrypt it all the same");
  expect(screen()).toBe("encrypt");
  expect(played.double.called("chosenAgain")[0]?.args).toEqual([misnamed.id]);
  // Among others it is one of the files to be encrypted.
  played.session.home();
  await deliver([misnamed, ...documents], null);
  expect(screen()).toBe("encrypt");
});

test("says that a container is empty", async () => {
  await begin();
  await deliver([{ ...misnamed, size: 0 }], null);
  expect(document.querySelector("h2")?.textContent).toBe("The file is empty");
});

test("says that a file that was to be opened cannot be read, and looks again", async () => {
  await begin();
  await deliver([missing], null);
  expect(screen()).toBe("failed");
  expect(document.body.textContent).toContain("Reading failed: “kadunud.cdoc2”.");
  played.double.answers.chosenAgain = () => Promise.resolve({ ...container, id: missing.id });
  played.double.answers.inspect = () => Promise.resolve(containerOf(records.password));
  await press("Try again");
  expect(screen()).toBe("open");
  expect(played.double.called("inspect")[0]?.args).toEqual([missing.id]);
});

test("keeps a draft when something that is no container is double-clicked", async () => {
  await begin();
  await deliver(documents);
  await deliver([misnamed], null);
  expect(screen()).toBe("encrypt");
  await press("Continue with it");
  expect(document.querySelector("h2")?.textContent).toBe("This is not an encrypted container");
});

test("keeps every container that arrives beside a draft, and forgets each that is taken up", async () => {
  await begin();
  await deliver(documents);
  const second = file("teine.cdoc2", 300, { kind: "container" });
  await deliver([container], null);
  await deliver([second], null);
  await deliver([container], null);
  expect(notes()).toContain("Meanwhile 2 files arrived.");
  played.double.answers.inspect = () => Promise.resolve(containerOf(records.password));
  await press(`Continue with “${container.name}”`);
  expect(screen()).toBe("open");
  expect(played.double.called("inspect").at(-1)?.args).toEqual([container.id]);
  expect(notes()).toContain(`Meanwhile “${second.name}” arrived.`);
  // It is opened in another way.
  await deliver([second], null);
  expect(played.double.called("inspect").at(-1)?.args).toEqual([second.id]);
  expect(notes()).toBe("");
});

test("opens a container that arrived during work beside files by itself", async () => {
  await begin();
  await openContainer(records.password);
  played.double.answers.open = () => played.double.never();
  await type("Password", "secret");
  await press("Open with password");
  await deliver(documents);
  await deliver([container], null);
  await deliver([file("a.txt", 1)]);
  expect(document.body.textContent).toContain("5 files arrived and wait until this is done.");
  await press("Cancel");
  await press(`Continue with “${documents[0]!.name}”`);
  expect(screen()).toBe("encrypt");
  expect(document.querySelector("h1")?.textContent).toBe("Encrypt 3 files");
  await press(`Continue with “${container.name}”`);
  expect(screen()).toBe("open");
  await press("Continue with it");
  expect(document.querySelector("h1")?.textContent).toBe("Encrypt 1 file");
});

test("asks before it closes over work, and stops only when it shall", async () => {
  await begin();
  await openContainer(records.password);
  played.double.answers.open = () => played.double.never();
  await type("Password", "secret");
  await press("Open with password");
  played.double.close();
  await settle();
  expect(document.querySelector("dialog[open]")?.textContent).toContain("Close Kapsel?");
  expect(document.activeElement?.textContent.trim()).toBe("Keep going");
  await press("Keep going");
  expect(document.querySelector("dialog")).toBeNull();
  expect(played.double.called("stopAndClose")).toEqual([]);
  expect(screen()).toBe("working");
  played.double.close();
  await settle();
  await press("Stop and close");
  expect(played.double.called("stopAndClose")).toHaveLength(1);
  expect(played.double.called("cancel")).toEqual([]);
});

test("forgets the question whether to close when the work has ended", async () => {
  await begin();
  await openContainer(records.password);
  let finish: (done: ReturnType<typeof openedOf>) => void = () => undefined;
  played.double.answers.open = () => new Promise((resolve) => (finish = resolve));
  await type("Password", "secret");
  await press("Open with password");
  played.double.close();
  await settle();
  finish(openedOf(1));
  await settle();
  expect(screen()).toBe("opened");
  expect(document.querySelector("dialog")).toBeNull();
  // What runs without a page of its own is stopped without a question.
  played.double.close();
  await settle();
  expect(played.double.called("stopAndClose")).toHaveLength(1);
});

test("calls a container for a password alone so in the list of recent ones", async () => {
  await begin();
  await openContainer({ ...records.password, name: "", hint: null });
  expect(document.querySelector("li")?.textContent).toContain("Password");
  played.double.answers.open = () => Promise.resolve(openedOf(1));
  await type("Password", "secret");
  await press("Open with password");
  await press("Back");
  expect(document.querySelector(".recent")?.textContent).toContain("For whoever knows the password · opened");
});

test("says before encrypting that Kapsel itself refuses so many files", async () => {
  await begin();
  played.double.answers.plan = () => ({ warnings: ["filesBeyondLimit"] });
  await deliver(documents);
  expect(notes()).toContain("More than 10,000 files: Kapsel opens such a container only when its recipient raises the limit");
});

test("keeps the field for the password when a key is dropped on a container that only a password opens", async () => {
  await begin();
  played.double.answers.keyFile = { ...keyFile, needsPassword: false };
  await openContainer(records.password);
  await type("Password", "correct horse");
  await deliver([privateKey]);
  expect(document.querySelector<HTMLInputElement>("input[type=password]")?.value).toBe("correct horse");
  expect(notes()).toContain("This key does not open it. The container opens with a password. Enter the password");
  await press("Open with password");
  expect(played.double.called("open")[0]?.args).toMatchObject([{ keyFile: null }, "correct horse"]);
});

test.each([
  ["newer ones", [records.unknown], "A newer version is needed", "does not know"],
  ["newer and broken ones", [records.unknown, records.broken], "It cannot be opened here", "the others cannot be used at all"],
  ["none", [], "It is encrypted for nobody", "no entry"],
])("says why nobody opens a container with %s among its entries", async (_, list, title, text) => {
  await begin();
  await openContainer(...list);
  expect(document.querySelector(".panel h2")?.textContent).toBe(title);
  expect(document.querySelector(".panel")?.textContent).toContain(text);
});

test("tells an entry of a newer program from a broken one and from one that costs too much", async () => {
  await begin();
  await openContainer(records.password, records.unknown, records.broken, records.costly);
  const rows = [...document.querySelectorAll(".rows li")].map((row) => row.textContent);
  expect(rows[1]).toContain("newer program");
  expect(rows[2]).toContain("broken");
  expect(rows[3]).toContain("too much computing");
  expect(notes()).toContain("The entry of 1 recipient was written by a newer program");
  expect(notes()).toContain("The entry of 1 recipient is broken");
  expect(notes()).toContain("Checking 1 password would take too much computing");
});

test("says until when a container opens by the entries that somebody may use", async () => {
  await begin();
  const over = { ...records.soon, until: 1 };
  await openContainer(over, records.broken, records.costly);
  expect(notes()).toContain("could be opened until");
  // Whom a newer program has let in for ever, this version cannot tell.
  await openContainer(over, records.unknown);
  expect(notes()).not.toContain("could be opened until");
});

test("calls a Digi-ID so, and a time that is over", async () => {
  await begin();
  await openContainer({ ...records.soon, until: 1 });
  expect(document.querySelector(".panel h2")?.textContent).toBe("Opens with the Digi-ID of Toomas Tamm");
  const row = document.querySelector(".rows li")?.textContent;
  expect(row).toContain("could be opened until");
  expect(row).not.toContain("opens until");
});

test.each([
  ["password iterations", ["Copy a message to the sender", "Back"]],
  ["name length", ["Copy a message to the sender", "Back"]],
  ["total size", ["Open it all the same", "Back"]],
])("offers to raise a limit only where that helps: %s", async (subject, offered) => {
  await begin();
  played.double.answers.open = () => Promise.reject(failure("limits_exceeded", { subject, number: 10_000_000 }));
  await openContainer(records.password);
  await type("Password", "correct horse");
  await press("Open with password");
  const shown = [...document.querySelectorAll(".panel .actions button")].map((button) => button.textContent.trim());
  expect(shown).toEqual(offered);
  const about = document.querySelector(".panel h2")?.textContent;
  expect(about).toBe(subject === "password iterations" ? "Its password takes too much computing" : "There is unusually much in it");
});

test("tells no time when all was read and the unpacking goes on", async () => {
  await begin();
  played.double.answers.open = () => played.double.never();
  await openContainer(records.password);
  await type("Password", "correct horse");
  await press("Open with password");
  const unpacking = (done: number, remaining: number | null) =>
    played.double.advance({ step: "unpacking", done, total: 1000, rate: 500, remaining, servers: [] });
  unpacking(500, 1);
  await settle();
  expect(document.querySelector(".figures")?.textContent).toContain("left");
  unpacking(1000, null);
  await settle();
  expect(document.querySelector(".figures")?.textContent.trim()).toBe("All of it is read, the files are still being unpacked.");
  expect(document.querySelector("progress")?.hasAttribute("value")).toBe(false);
});

test("closes what is wrong with a recipient by the keyboard", async () => {
  await begin();
  await deliver(documents);
  played.double.backend.chooseRecipients = () =>
    Promise.reject(failure("recipient_key_weak", { subject: "mari.cer", number: 1024 }));
  await press("Add certificates");
  expect(notes()).toContain("too short. Its RSA key has 1024 bits, and at least 2048 are needed");
  await press("Close the notice");
  expect(notes()).not.toContain("too short");
  expect(document.activeElement?.textContent.trim()).toBe("Add certificates");
});

test("speaks of several files that wait as of several", async () => {
  await begin();
  await press("Settings");
  await deliver(documents);
  await press("Back");
  expect(buttons()).toContain("Continue with them");
});

test("keeps what the system says in English among the details", async () => {
  await begin();
  played.double.answers.open = () => Promise.resolve(openedOf(1));
  played.double.answers.system = () => Promise.reject(failure("internal", { detail: "xdg-open: no application" }));
  await openContainer(records.password);
  await type("Password", "correct horse");
  await press("Open with password");
  await press("Open file");
  const note = document.querySelector("div.note[data-tone=bad]");
  expect(note?.textContent).toContain("The file could not be opened.");
  const hidden = note?.querySelector("details");
  expect(hidden?.open).toBe(false);
  expect(hidden?.querySelector("[lang=en]")?.textContent).toContain("xdg-open: no application");
});

test("shows a program in its folder and never opens it", async () => {
  await begin();
  const names = ["kiri.txt", "arve.exe"];
  played.double.answers.open = () => Promise.resolve(openedOf(names.length, names));
  await openContainer(records.password);
  await type("Password", "correct horse");
  await press("Open with password");
  expect(notes()).toContain("1 file is a program or script. Kapsel does not run it");
  const labels = [...document.querySelectorAll(".rows button")].map(called);
  expect(labels).toEqual(["Open: kiri.txt", "Show in folder: arve.exe"]);
  await press("Show in folder: arve.exe");
  expect(played.double.called("reveal")).toHaveLength(1);
});

test("makes the folder of a single program the way on", async () => {
  await begin();
  played.double.answers.open = () => Promise.resolve(openedOf(1, ["arve.exe"]));
  await openContainer(records.password);
  await type("Password", "correct horse");
  await press("Open with password");
  const ways = [...document.querySelectorAll(".panel .actions button")].map((button) => button.textContent.trim());
  expect(ways).toEqual(["Show in folder"]);
});

test("does not speak of a new card to who has opened by password", async () => {
  await begin();
  played.double.answers.open = () => Promise.resolve(openedOf(1));
  await openContainer(records.password);
  await type("Password", "correct horse");
  await press("Open with password");
  expect(document.querySelector(".bar")?.textContent).toContain("a password that you choose");
  expect(document.querySelector(".bar")?.textContent).not.toContain("card");
});

test("says that the dialog for a place did not come", async () => {
  await begin();
  const noDialog = () => Promise.reject(failure("internal", { detail: "no dialog" }));
  played.double.backend.chooseOutput = noDialog;
  played.double.backend.chooseDestination = noDialog;
  await deliver(documents);
  await press("Change where the container is saved");
  expect(notes()).toContain("The place could not be chosen.");
  played.session.home();
  await openContainer(records.password);
  expect(notes()).not.toContain("The place could not be chosen.");
  await press("Change where the files are saved");
  expect(notes()).toContain("The place could not be chosen.");
});
