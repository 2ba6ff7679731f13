import { explain } from '../lib/explain.ts'
import { problemOf } from '../problem-of.ts'
import { toast } from './toast.tsx'

/** Lets something go on by itself; if it fails, the person is told. */
export function attempt(work: Promise<unknown>): void {
  work.catch((error: unknown) => {
    const { title, text } = explain(problemOf(error))
    toast(`${title}. ${text}`, 'problem')
  })
}
