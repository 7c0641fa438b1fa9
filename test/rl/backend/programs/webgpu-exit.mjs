/** Ends while the device computes. argv: path of load-backend.js. */
const { loadBackend } = await import(process.argv[2]);
const { tf } = await loadBackend("webgpu");
const product = async () => {
  const x = tf.randomUniform([64, 64]);
  await tf.matMul(x, x).data();
};
await product();
for (let i = 0; i < 30; i++) void product();
process.exit(0);
