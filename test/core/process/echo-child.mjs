// Answers `say`, fails at `fail`, never answers `hang`, and reports what it was told to cancel.
let cancelled = [];
process.on("message", (message) => {
  const { type, id } = message;
  if (type === "say") process.send({ type: "said", id, text: message.text });
  if (type === "fail")
    process.send({
      type: "failed",
      id,
      error: { code: "ERR_MINE", boundary: "config", retryable: true, message: "no" },
    });
  if (type === "cancel") cancelled.push(id);
  if (type === "cancelled") process.send({ type: "said", id, text: cancelled.join() });
  if (type === "die") process.exit(3);
});
process.on("disconnect", () => process.exit(0));
