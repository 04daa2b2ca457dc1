// Vitest's project for workerd: which test files run there, and what stands in for what workerd does not have.
import { resolve } from 'node:path'
import { cloudflareTest } from '@cloudflare/vitest-plugin'
import type { Plugin } from 'vite'
import type { TestProjectInlineConfiguration } from 'vitest/config'
import { BINDINGS } from './bindings.ts'
import { NODE_ONLY_FILES, SHARED } from './node-only.ts'

const ROOT = resolve(import.meta.dirname, '../..')

/** Files of the project → what stands in for them in workerd. */
const STAND_INS: Readonly<Record<string, string>> = {
  'src/node/mapping-files.ts': 'test/workerd/mapping-files.ts',
  'src/worker/mapping-files.ts': 'test/workerd/mapping-files.ts',
  'test/support/runtime.ts': 'test/workerd/runtime.ts',
}
const SQLITE = resolve(ROOT, 'test/workerd/node-sqlite.ts')

/** Tests of workerd alone. */
export const WORKERD_ONLY = ['test/workerd/**/*.test.ts']

function standIns(): Plugin {
  const byPath = new Map(Object.entries(STAND_INS).map(([path, other]) => [resolve(ROOT, path), resolve(ROOT, other)]))
  return {
    name: 'stand-ins',
    enforce: 'pre',
    async resolveId(source, importer, options) {
      const found = await this.resolve(source, importer, { ...options, skipSelf: true })
      return found === null ? null : (byPath.get(found.id) ?? found)
    },
    // Vitest's pool takes the names of built-in modules for workerd's own before anything is resolved.
    transform: (code) => (code.includes("'node:sqlite'") ? code.replace("'node:sqlite'", `'${SQLITE}'`) : null),
  }
}

const object = (className: string) => ({ className, useSQLite: true })

/** Two, which differ in what their files may share. */
export function workerdProjects(): readonly TestProjectInlineConfiguration[] {
  return [
    projectOf({
      name: 'workerd',
      include: [`test/{${SHARED.join(',')}}/**/*.test.ts`],
      exclude: Object.keys(NODE_ONLY_FILES),
      // As on Node, files share their modules; each has an object of its own.
      isolate: false,
      runner: './test/workerd/runner.ts',
    }),
    // These have no object of their own, but tear down the worker's, which all of them know by the same name.
    projectOf({ name: 'workerd-objects', include: [...WORKERD_ONLY], runner: './test/workerd/runner.ts' }),
  ]
}

function projectOf(test: NonNullable<TestProjectInlineConfiguration['test']>): TestProjectInlineConfiguration {
  return {
    plugins: [
      standIns(),
      cloudflareTest({
        main: './test/workerd/worker.ts',
        miniflare: {
          compatibilityDate: '2026-10-15',
          compatibilityFlags: ['nodejs_compat'],
          modulesRules: [{ type: 'CompiledWasm', include: ['**/*.wasm?module'] }],
          bindings: BINDINGS,
          durableObjects: {
            TEST_OBJECT: object('TestObject'),
            PROFILES: object('ProfileObject'),
            CONTROL: object('ControlObject'),
          },
        },
      }),
    ],
    test: {
      ...test,
      setupFiles: './test/support/setup.ts',
      testTimeout: 60_000,
      hookTimeout: 120_000,
    },
  }
}
