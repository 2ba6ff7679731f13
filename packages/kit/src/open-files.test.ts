import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, test } from 'vitest'

/** How many of 20,000 sockets a process with so few open files would take. */
function fitsWith(openFiles: number, each: number): number {
  const module = join(import.meta.dirname, 'open-files.ts')
  const script = `import('${module}').then(({ socketsThatFit }) => console.log(socketsThatFit(20_000, ${each})))`
  const text = execFileSync('sh', ['-c', `ulimit -n ${openFiles}; exec "$0" -e "$1"`, process.execPath, script], {
    encoding: 'utf8',
  })
  return Number(text)
}

test('O21 takes no more sockets than the open files allow, less those that it needs itself', () => {
  expect([fitsWith(200, 1), fitsWith(200, 2)]).toEqual([50, 25])
  expect(fitsWith(400, 1)).toBe(250)
})
