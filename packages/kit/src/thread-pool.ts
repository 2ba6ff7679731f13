import type { Worker } from 'node:worker_threads'

/** Threads that do one job at a time; as many as jobs are run at once, which the caller bounds. */
export interface ThreadPool<Job, Result> {
  /** Rejects when the thread breaks; another one takes its place. */
  run(job: Job): Promise<Result>
  stop(): Promise<void>
}

interface Thread<Result> {
  worker: Worker
  settle: { resolve(result: Result): void; reject(error: Error): void } | null
}

/** `hire` starts a thread: its worker answers each message with the result, and ends when a job fails. Idle threads do not keep the process. */
export function createThreadPool<Job, Result>(hire: () => Worker): ThreadPool<Job, Result> {
  const all = new Set<Thread<Result>>()
  const idle: Thread<Result>[] = []

  function start(): Thread<Result> {
    const thread: Thread<Result> = { worker: hire(), settle: null }
    const broke = (error: Error): void => {
      all.delete(thread)
      if (idle.includes(thread)) idle.splice(idle.indexOf(thread), 1)
      thread.settle?.reject(error)
      thread.settle = null
    }
    all.add(thread)
    thread.worker.unref()
    thread.worker.on('error', broke)
    thread.worker.on('exit', () => broke(new Error('a thread ended')))
    thread.worker.on('message', (result: Result) => {
      const { settle } = thread
      thread.settle = null
      idle.push(thread)
      settle?.resolve(result)
    })
    return thread
  }
  return {
    run: (job) =>
      new Promise((resolve, reject) => {
        const thread = idle.pop() ?? start()
        thread.settle = { resolve, reject }
        thread.worker.postMessage(job)
      }),
    stop: async () => void (await Promise.all([...all].map(({ worker }) => worker.terminate()))),
  }
}
