/**
 * What comes after a tensor that no buffer of the device could hold, a line each: a read, a start anew, a read; then the
 * same failure and a start anew that nobody was told before. argv: path of load-backend.js.
 */
const { loadBackend } = await import(process.argv[2]);
const { tf } = await loadBackend("webgpu");

const tooLarge = () => tf.tile(tf.ones([1, 1 << 14]), [1 << 15, 1]);
const say = async (body) => console.log(await body().catch(({ message }) => message.split("\n")[0]));
const four = async () => (await tf.sum(tf.ones([2, 2])).data())[0];
const start = async () => (await loadBackend("webgpu")).name;

const first = tooLarge();
await say(async () => (await tf.slice(first, [0, 0], [2, 2]).data())[0]);
await say(start);
await say(four);
tooLarge();
await say(start);
