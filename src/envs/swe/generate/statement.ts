/**
 * Writes an issue report from how tests fail: what was called, what was expected, what came. It knows neither the bug nor
 * where it is, and names no test.
 */
import type { Random } from "../../../core/random.ts";
import type { Failure } from "./failures.ts";
import type { Project } from "./projects.ts";
import { type LocatedTest, partsOf } from "./test-source.ts";

/** One thing that goes wrong. */
export interface Symptom {
  readonly test: LocatedTest;
  readonly failure: Failure;
}

const maxSteps = 45;
const maxMessageLines = 24;
const maxLineCharacters = 300;

/** @param groups one for each independent bug, with its symptoms, the telling ones first. */
export function writeStatement(project: Project, groups: readonly (readonly Symptom[])[], random: Random): string {
  const reports = groups.map((symptoms) => describe(project, symptoms, random));
  const [only] = reports;
  return reports.length === 1 ? `${only!.title}\n\n${only!.body}` : several(project, reports, random);
}

/** Whether telling of it names a test: a name that nobody but a test runner would say. */
export function namesTests({ test, failure }: Symptom, ids: readonly string[]): boolean {
  const said = [...(test.source?.steps ?? []), failure.message, ...Object.values(failure.values)].join("\n");
  const names = new Set(ids.map((id) => partsOf(id).names.at(-1)!).filter((name) => /^test\w{3}/i.test(name)));
  return [...names].some((name) => new RegExp(`\\b${escaped(name)}\\b`).test(said));
}

/** Those that say most with least come first; a test that is made by a program says least. */
export function tellingFirst(symptoms: readonly Symptom[]): Symptom[] {
  const cost = ({ test: { source }, failure }: Symptom): number => {
    if (source === null) return 10_000 + failure.message.length;
    // What a helper of the tests' own does is not seen.
    const unseen = source.helpers.length === 0 && /\bself\.(?!assert|fail)\w/.test(source.steps.join("\n")) ? 300 : 0;
    return unseen + source.steps.length * 10 + failure.message.length / 100 + (failure.line === null ? 500 : 0);
  };
  return [...symptoms].sort((a, b) => cost(a) - cost(b) || (a.test.id < b.test.id ? -1 : 1));
}

interface Report {
  readonly title: string;
  readonly body: string;
}

function several(project: Project, reports: readonly Report[], random: Random): string {
  const title = random.pick([
    `Several regressions in ${project.name} ${project.archive.version}`,
    `${project.name} ${project.archive.version}: ${reports.length} things that used to work`,
    `Wrong results in ${reports.length} places`,
  ]);
  const intro = random.pick([
    "After upgrading I ran into the following. They seem to have different causes, all of them need fixing.",
    "I am collecting these in one issue because I found them on the same day; they look independent of each other.",
    "Our own checks broke in more than one place. I reduced each of them to a small example.",
  ]);
  const parts = reports.map(({ title, body }, i) => `## ${i + 1}. ${title}\n\n${body}`);
  return [title, intro, ...parts].join("\n\n");
}

function describe(project: Project, symptoms: readonly Symptom[], random: Random): Report {
  const [first] = symptoms;
  const second = symptoms.find(({ test }) => test.source?.steps.join() !== first!.test.source?.steps.join());
  const subject = subjectOf(first!, project);
  const parts = [opening(project, subject, first!.failure, random), example(project, first!, random)];
  if (second !== undefined && second.test.source !== null && random.next() < 0.5)
    parts.push(
      random.pick(["This one goes wrong too:", "Probably the same problem:", "Also affected:"]),
      example(project, second, random),
    );
  const more = symptoms.length - parts.length / 2;
  if (more > 3 && random.next() < 0.5)
    parts.push(random.pick(["I see more cases like this.", "These are not the only inputs that show it."]));
  return { title: titleOf(project, subject, first!.failure, random), body: parts.join("\n\n") };
}

function titleOf(project: Project, subject: string, { type, message }: Failure, random: Random): string {
  if (isAssertion(type))
    return random.pick([
      `${subject} gives a wrong result`,
      `Wrong result from ${subject}`,
      `${subject} does not do what is documented`,
      `Unexpected behaviour of ${subject} in ${project.name} ${project.archive.version}`,
    ]);
  if (isMissingError(type, message))
    return random.pick([`${subject} no longer raises an error`, `${subject} accepts what it should reject`]);
  return random.pick([
    `${subject} raises ${type}`,
    `${type} from ${subject}`,
    `Unexpected ${type} when using ${subject}`,
  ]);
}

function opening(project: Project, subject: string, { type, message }: Failure, random: Random): string {
  const version = `${project.name} ${project.archive.version}`;
  if (isAssertion(type))
    return random.pick([
      `With ${version} I get a result that I did not expect from ${subject}.`,
      `I think ${subject} is broken in ${version}. A small example:`,
      `The following should hold in ${version}, but does not:`,
      `I noticed this while using ${subject} (${version}).`,
    ]);
  if (isMissingError(type, message))
    return random.pick([
      `In ${version} an error that I rely on is not raised:`,
      `${subject} should refuse this (${version}), but it goes through:`,
    ]);
  return random.pick([
    `With ${version} this fails with ${type}:`,
    `${subject} crashes for me (${version}). To reproduce:`,
    `I get an unexpected ${type} from the following:`,
  ]);
}

function example(project: Project, { test, failure }: Symptom, random: Random): string {
  const { source } = test;
  const language = project.language;
  const parts: string[] = [];
  if (source !== null) {
    const steps =
      source.steps.length > maxSteps
        ? [language === "python" ? "# …" : "// …", ...source.steps.slice(-maxSteps)]
        : source.steps;
    const before = [...source.imports, ...(source.imports.length > 0 ? [""] : []), ...source.helpers];
    parts.push(fence(language, [...before, ...steps]));
  }
  // Data sets have names, of which the tests' own are made.
  const name = partsOf(test.id).names.at(-1)!;
  const tellsName = (value: string) => value.length > 5 && name.includes(value.slice(1, -1));
  const values = Object.entries(failure.values).filter(([, value]) => !tellsName(value));
  if (values.length > 0) {
    const heading = source === null ? "With these values:" : "It happens with:";
    parts.push(
      heading,
      fence(
        language,
        values.map(([name, value]) => `${name} = ${value}`),
      ),
    );
  }
  parts.push(random.pick(["What I get:", "Actual outcome:", "It ends with:"]), fence("", messageLines(failure)));
  return parts.join("\n\n");
}

/** What is called where it goes wrong, or the project. */
function subjectOf({ test: { source } }: Symptom, project: Project): string {
  const call = source?.called.find((name) => !plumbing.test(name) && /^[\w.$]+$/.test(name));
  return call === undefined ? project.name : `\`${call}\``;
}

/** What tests call beside the thing that they test. */
const plumbing = /^(t|st|s2t|assert|require|Object|Array|String|Number|Buffer|JSON|forEach)(\.|$)/;

function isAssertion(type: string): boolean {
  return type === "AssertionError" || type === "ERR_ASSERTION";
}

function isMissingError(type: string, message: string): boolean {
  return type === "Failed" && message.includes("DID NOT RAISE");
}

/** As a person would paste it: without what only a test runner says. */
function messageLines({ type, message }: Failure): string[] {
  const lines = message
    .split("\n")
    .filter((line) => !/[Uu]se '?-v|testMethod=|^\s*\+?\s*where .*<test|at 0x[0-9a-f]+/.test(line))
    .map((line) => shortened(line.trimEnd()));
  const kept = lines.length > maxMessageLines ? [...lines.slice(0, maxMessageLines), "…"] : lines;
  const [head = "", ...rest] = kept;
  const named =
    isAssertion(type) || type === "Failed" || new RegExp(`^(\\w+\\.)*${escaped(type)}\\b`).test(head)
      ? head
      : `${type}: ${head}`;
  return [named, ...rest]
    .map((line) => line.replace(/^Failed: /, ""))
    .filter((line, i, all) => line !== "" || i < all.length - 1);
}

function shortened(line: string): string {
  return line.length > maxLineCharacters ? `${line.slice(0, maxLineCharacters)}…` : line;
}

function fence(language: string, lines: readonly string[]): string {
  const marks = lines.some((line) => line.includes("```")) ? "~~~~" : "```";
  return `${marks}${language}\n${lines.join("\n")}\n${marks}`;
}

function escaped(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
