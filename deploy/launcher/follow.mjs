// Preloaded into what a launcher starts (node --import): when the other end of the IPC channel is gone, this process ends too. It is asked
// first, then made to.
const patienceMs = 2000

if (process.channel) {
  process.on('disconnect', () => {
    setTimeout(() => process.kill(process.pid, 'SIGKILL'), patienceMs)
    process.kill(process.pid, 'SIGTERM')
  })
  // The channel alone must not keep the process.
  process.channel.unref()
}
