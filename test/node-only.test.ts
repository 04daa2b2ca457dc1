// What is said to run on Node alone is there; else the list would hide what nobody runs in workerd.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { NODE_ONLY_FILES, NODE_ONLY_TESTS, SHARED } from './workerd/node-only.ts'

const ROOT = join(import.meta.dirname, '..')
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8')

describe('what runs on Node alone', () => {
  it.each(Object.keys(NODE_ONLY_FILES))('is a file of a shared folder: %s', (path) => {
    expect(SHARED).toContain(path.split('/')[1])
    expect(read(path)).toMatch(/\bit\b|\btest\b/)
  })

  const tests = Object.entries(NODE_ONLY_TESTS).flatMap(([path, names]) =>
    Object.keys(names).map((name) => [path, name]),
  )
  it.each(tests)('is a test of a file that runs in both: %s, %s', (path, name) => {
    expect(NODE_ONLY_FILES).not.toHaveProperty([path])
    expect(read(path)).toContain(`'${name}'`)
  })

  it('says why', () => {
    const reasons = [NODE_ONLY_FILES, ...Object.values(NODE_ONLY_TESTS)].flatMap((list) => Object.values(list))
    for (const reason of reasons) expect(reason.length).toBeGreaterThan(20)
  })
})
