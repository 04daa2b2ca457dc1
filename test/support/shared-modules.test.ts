// Test files share the modules that they import: what must not stand in those, for it would hold for one of the files alone.
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'

const ROOT = join(import.meta.dirname, '../..')
/** At the top of a module, not in a function that each file calls for itself. */
const HOOK = /^(?:await )?(?:before|after)(?:Each|All)\(/m
const shared = globSync('test/**/*.ts', { cwd: ROOT }).filter((path) => !path.endsWith('.test.ts'))

it('registers hooks in one place alone, which runs before each file', () => {
  expect(shared.filter((path) => HOOK.test(readFileSync(join(ROOT, path), 'utf8')))).toEqual(['test/support/setup.ts'])
})
