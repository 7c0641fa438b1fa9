/** Prints the error of reading what no buffer of the device could hold. argv: path of load-backend.js. */
const { loadBackend } = await import(process.argv[2]);
const { tf } = await loadBackend("webgpu");
const large = tf.tile(tf.ones([1, 1 << 14]), [1 << 15, 1]);
try {
  const values = await tf.sum(tf.slice(large, [0, 0], [2, 2])).data();
  console.log(`no error, but ${values[0]} for 4`);
} catch (error) {
  console.log(error.message);
}
