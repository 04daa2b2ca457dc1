// `bridge mapping preview` and `bridge sync --map-only` as real processes, over a district that was read.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { startPowerSchool } from './powerschool.ts'
import { dataDir, runCli } from './processes.ts'

const LAYER = `extends: default
entities:
  users:
    student:
      fields:
        username: ="s" & local_id
        middleName: null
`

async function readDistrict() {
  const powerSchool = await startPowerSchool()
  const folder = dataDir()
  const environment = { ...powerSchool.environment(folder), PORT: '3000' }
  const synced = await runCli(['sync', '--json'], environment)
  expect(synced.code).toBe(0)
  const write = (name: string, text: string | Uint8Array) => {
    const path = join(folder, name)
    writeFileSync(path, text)
    return path
  }
  return { powerSchool, environment, write }
}

describe('a changed mapping', () => {
  it('is tried, and then applied without asking PowerSchool', async () => {
    const { powerSchool, environment, write } = await readDistrict()
    await powerSchool.close()
    const layer = write('layer.yaml', LAYER)
    const told = await runCli(['mapping', 'preview', '--mapping', layer], environment)
    expect([told.code, told.stderr]).toEqual([0, ''])
    expect(told.stdout).toMatch(/^users\.username +0 +0 +\d+ +stu\d+: .* → x9+$/m)
    expect(told.stdout).toMatch(/^users\.middleName +0 +\d+ +0 +stu\d+: Xx* → \(none\)$/m)
    const json = await runCli(['mapping', 'preview', '--mapping', layer, '--json', '--show-values'], environment)
    const preview = JSON.parse(json.stdout)
    const username = preview.fields.find(({ field }: { field: string }) => field === 'username')
    expect(username.samples[0].after).toMatch(/^s\d+$/)

    const applied = await runCli(['sync', '--map-only', '--now', '--json'], { ...environment, MAPPING: layer })
    expect(applied.code).toBe(0)
    const { users } = JSON.parse(applied.stdout).counts
    const { active, added, changed, removed } = preview.collections.users
    expect(users).toMatchObject({ active, added, changed, removed })
    const same = await runCli(['mapping', 'preview'], { ...environment, MAPPING: layer })
    expect(same.stdout).toMatch(/^users +(\d+) +\1 +- +- +-$/m)
  })

  it('is tried against accounts of a directory', async () => {
    const { environment, write } = await readDistrict()
    const files = [
      ['accounts.csv', 'Name;UserPrincipalName\n"Li; Ada";nobody@example.org\n'],
      ['accounts.txt', 'nobody@example.org\n\n'],
      ['of-powershell.txt', Buffer.from('\ufeffnobody@example.org\r\n', 'utf16le')],
    ] as const
    for (const [name, text] of files) {
      const told = await runCli(['mapping', 'preview', '--identities', write(name, text)], environment)
      expect(told.stdout).toContain('(1 match nobody)')
      expect(told.stdout).toMatch(/^students .* 0 of \d+ \(0 %\)/m)
      expect(told.stdout).toContain('No account matches any of the students')
    }
    const refusals = [
      [write('empty.txt', ''), 'is empty'],
      [write('names.txt', 'Sign-in\nada@example.org\nbo@example.org\n'), 'begins with the heading `Sign-in`'],
      [write('other.csv', 'Name,Room\nLi,2\n'), 'is a CSV without a known heading'],
      ['/nowhere/accounts.csv', 'cannot be read (ENOENT)'],
    ] as const
    for (const [path, message] of refusals) {
      const told = await runCli(['mapping', 'preview', '--identities', path], environment)
      expect(told.stderr).toContain(message)
      expect(told.code).toBe(1)
    }
  })

  it('is refused with its mistakes, without rows, and with options that are none', async () => {
    const { environment, write } = await readDistrict()
    const bad = await runCli(
      ['mapping', 'preview', '--mapping', write('bad.yaml', LAYER.replace('local_id', 'locl_id'))],
      environment,
    )
    expect(bad.stderr).toContain('bad.yaml:6:26: name: `users.student` knows no `locl_id`. Did you mean `local_id`?')
    expect(bad.code).toBe(1)
    const nothing = await runCli(['mapping', 'preview'], { ...environment, DATA_DIR: dataDir() })
    expect(nothing.stderr).toContain('Run a sync first')
    expect(nothing.code).toBe(1)
    const odd = await runCli(['mapping', 'preview', '--samples', 'many'], environment)
    expect(odd.code).toBe(2)
  })
})
