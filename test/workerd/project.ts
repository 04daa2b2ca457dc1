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
export const WORKERD_ONLY = [
  'test/workerd/eviction.test.ts',
  'test/workerd/objects.test.ts',
  'test/workerd/deleted.test.ts',
]

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

export function workerdProject(): TestProjectInlineConfiguration {
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
      name: 'workerd',
      include: [`test/{${SHARED.join(',')}}/**/*.test.ts`, ...WORKERD_ONLY],
      exclude: Object.keys(NODE_ONLY_FILES),
      runner: './test/workerd/runner.ts',
      testTimeout: 60_000,
      hookTimeout: 120_000,
    },
  }
}
