// `bridge readiness` as a real process over a store that a sync has filled.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { startPowerSchool } from '../e2e/powerschool.ts'
import { dataDir, runCli } from '../e2e/processes.ts'

/** Settings of a bridge whose store has been filled by `bridge sync`; `layer` is laid over the default mapping. */
async function syncedFolder(layer?: string) {
  const powerSchool = await startPowerSchool({ students: 40 })
  const folder = dataDir()
  const path = join(folder, 'layer.yaml')
  if (layer !== undefined) writeFileSync(path, layer)
  const environment = {
    ...powerSchool.environment(folder),
    PORT: '3000',
    ...(layer === undefined ? {} : { MAPPING: path }),
  }
  const synced = await runCli(['sync', '--now'], environment)
  expect(synced.code, synced.stderr).toBe(0)
  return { environment, folder, path }
}

const BAD_EMAILS = `extends: default
entities:
  users:
    student:
      fields:
        email: ="none"
`

describe('bridge readiness', () => {
  it('tells how to get a snapshot when there is none', async () => {
    const ended = await runCli(['readiness'], { DATA_DIR: dataDir() })
    expect([ended.code, ended.stdout]).toEqual([1, ''])
    expect(ended.stderr).toMatch(/^There is no snapshot in DATA_DIR yet\. Run `bridge sync` first/)
  })

  it.each([
    [['--format', 'xml'], '--format is text, csv or json'],
    [['--format', 'csv', '--json'], 'not beside --json'],
    [['--out', ''], '--out is empty'],
  ])('refuses %j with code 2', async (words, says) => {
    const ended = await runCli(['readiness', ...words], { DATA_DIR: dataDir() })
    expect([ended.code, ended.stdout]).toEqual([2, ''])
    expect(ended.stderr).toContain(says)
  })

  it('reads the snapshot, and names the lines of the layer', async () => {
    const { environment, folder, path } = await syncedFolder(BAD_EMAILS)
    const [text, json, all] = await Promise.all([
      runCli(['readiness'], environment),
      runCli(['readiness', '--json'], environment),
      runCli(['readiness', '--format', 'json', '--all'], environment),
    ])
    expect(text.stdout).toMatch(/^Ready for School Data Sync: no errors\.\n/)
    expect(text.stdout).toContain(`${path}:6: users.student.email: ="none"`)
    expect([text.code, text.stderr]).toEqual([0, ''])
    const emails = (stdout: string) =>
      JSON.parse(stdout).findings.find(({ rule }: { rule: string }) => rule === 'email-form')
    expect(emails(json.stdout)).toMatchObject({ severity: 'warning', field: 'email', mappingRule: 'users.student' })
    expect(emails(json.stdout).keys).toHaveLength(20)
    expect(emails(all.stdout).keys).toHaveLength(emails(all.stdout).count)
    expect(emails(all.stdout).count).toBeGreaterThan(20)

    const out = join(folder, 'readiness.csv')
    const csv = await runCli(['readiness', '--format', 'csv', '--out', out], environment)
    expect([csv.code, csv.stdout]).toEqual([0, ''])
    expect(csv.stderr).toMatch(/^0 errors and \d+ warnings, written to /)
    expect(readFileSync(out, 'utf8')).toMatch(
      /^rule,severity,.*\r\n(?:.*\r\n)*email-form,warning,users,email,users.student,stu\d+,/,
    )
  })

  it('ends with code 1 when there are errors', async () => {
    const { environment } = await syncedFolder(`extends: default
entities:
  classes:
    section:
      id: ="sec-" & id
`)
    const ended = await runCli(['readiness'], environment)
    expect(ended.stdout).toMatch(/^Not ready for School Data Sync/)
    expect(ended.stdout).toContain('error: class-id-form at classes.section.sourcedId, ')
    expect(ended.code).toBe(1)
  })
})
