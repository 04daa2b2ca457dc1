// `bridge mapping check` and `test` with a layer, as real processes.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { dataDir, runCli } from './processes.ts'

/** A folder with a layer, and one below it, with this e-mail. */
function layerFiles(email: string): string {
  const folder = dataDir()
  const layer = (below: string, value: string) =>
    `extends: ${below}\nentities:\n  users:\n    student:\n      fields:\n        email: ${value}\n`
  mkdirSync(join(folder, 'state'))
  writeFileSync(join(folder, 'state', 'state.yaml'), layer('default', '=lower(inherited)'))
  const example = `      examples:
        - it: has no address
          row: { id: 7, local_id: 1, name: { first_name: Ada, last_name: Li }, school_enrollment: { enroll_status_code: 0, school_id: 3 } }
          given: { schools: [{ id: 3, name: Oak, school_number: 103 }] }
          gives: { email: nobody@example.org }
`
  writeFileSync(join(folder, 'district.yaml'), layer('state/state.yaml', email).concat(example))
  return join(folder, 'district.yaml')
}

describe('a layer on the command line', () => {
  it('is checked with those below it, by option or by setting', async () => {
    const path = layerFiles('=first(inherited, "nobody@example.org")')
    const plain = await runCli(['mapping', 'check'])
    const count = Number(/^(\d+) mapping files/.exec(plain.stdout)?.[1])
    const runs = [runCli(['mapping', 'check', '--mapping', path]), runCli(['mapping', 'check'], { MAPPING: path })]
    for (const ended of await Promise.all(runs)) {
      expect(ended.stdout).toBe(`${count + 2} mapping files, no mistakes.\n`)
      expect(ended.code).toBe(0)
    }
  })

  it('has its examples run', async () => {
    const good = await runCli(['mapping', 'test', '--mapping', layerFiles('=first(inherited, "nobody@example.org")')])
    expect(good.stdout).toMatch(/^(\d+) of \1 examples hold\.$/m)
    expect(good.code).toBe(0)
    const path = layerFiles('=inherited')
    const bad = await runCli(['mapping', 'test', '--mapping', path])
    expect(bad.stdout).toContain(`${path}:8: example "has no address" of users.student\n    email: expected "nobody`)
    expect(bad.code).toBe(1)
  })

  it('with a mistake is told with its line', async () => {
    const path = layerFiles('=first(inherted, "nobody@example.org")')
    const told = await runCli(['mapping', 'check', '--mapping', path])
    expect(told.stdout).toContain(`${path}:6:23: name: \`users.student\` knows no \`inherted\`.`)
    expect(told.stdout).toContain('\n            email: =first(inherted, "nobody@example.org")\n')
    expect([told.code, told.stderr]).toEqual([1, '1 mistake.\n'])
    const json = await runCli(['mapping', 'test', '--json', '--mapping', path])
    expect(JSON.parse(json.stdout)).toMatchObject({ ok: false, diagnostics: [{ file: path, line: 6, column: 23 }] })
    expect(json.code).toBe(1)
  })

  it('is not passed over when its name is empty', async () => {
    for (const command of ['check', 'test']) {
      const told = await runCli(['mapping', command, '--mapping', ''])
      expect(told.stderr).toMatch(/^--mapping is empty\. Name a layer/)
      expect([told.code, told.stdout]).toEqual([2, ''])
    }
    expect((await runCli(['mapping', 'check'], { MAPPING: ' ' })).code).toBe(0)
  })

  it('that is not there is told by its path, and so is a folder', async () => {
    for (const path of ['no/such.yaml', 'mappings']) {
      const told = await runCli(['mapping', 'check', '--mapping', path])
      expect(told.stdout).toContain(`${path}:1:1: extends: there is no such file.`)
      expect(told.code).toBe(1)
    }
  })
})
