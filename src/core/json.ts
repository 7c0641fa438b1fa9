/** JSON as a type: what may cross a process boundary, enter the log, or be shown by `--json`. */
export type JsonValue = string | number | boolean | null | JsonValue[] | JsonObject;
export type JsonObject = { [key: string]: JsonValue };
