import { join } from 'node:path'

export const root = join(import.meta.dirname, '..', '..')

/** A command that is right when it ends with 0. */
export interface Command {
  args: readonly string[]
  cwd: string
}

export interface Check {
  name: string
  /** Of Node.js, run two at a time. */
  commands: readonly Command[]
  /** The look of the code is of no concern to whoever runs the tests. */
  when: 'always' | 'on-request'
}

const binary = (name: string): string => join(root, 'node_modules', ...name.split('/'))

/** Server code is checked as one program, several times quicker than a folder at a time; the others see a DOM. */
const programs = ['tests/runner/tsconfig.servers.json', 'packages/bench', 'packages/client', 'packages/web', 'tests']

export const checks: readonly Check[] = [
  {
    name: 'types',
    commands: programs.map((program) => ({ args: [binary('typescript/bin/tsc'), '-p', program], cwd: root })),
    when: 'always',
  },
  {
    name: 'lint',
    commands: [{ args: [binary('oxlint/bin/oxlint'), '--type-aware', '--deny-warnings'], cwd: root }],
    when: 'always',
  },
  {
    name: 'nothing unused',
    commands: [{ args: [binary('knip/bin/knip.js'), '--no-progress', '--no-config-hints'], cwd: root }],
    when: 'on-request',
  },
  { name: 'format', commands: [{ args: [binary('oxfmt/bin/oxfmt'), '--check'], cwd: root }], when: 'on-request' },
  {
    name: 'language',
    commands: [
      { args: [join(import.meta.dirname, 'language.ts')], cwd: root },
      { args: [join(import.meta.dirname, 'texts.ts'), '--check'], cwd: root },
    ],
    when: 'on-request',
  },
  {
    name: 'generated documents',
    commands: [
      { args: [join(root, 'services', 'gateway', 'src', 'docs', 'write.ts'), '--check'], cwd: root },
      { args: [join(root, 'deploy', 'chart', 'src', 'write.ts'), '--check'], cwd: root },
    ],
    when: 'always',
  },
]
