// The commands about the mapping of a profile: they go by its own layers, settings, schools and rows.
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { ADMIN_TOKEN, startPowerSchool } from '../e2e/powerschool.ts'
import { dataDir, type Environment, runCli, type Server, startServer, until } from '../e2e/processes.ts'

async function admin({ url }: Server, method: string, path: string, body?: unknown) {
  const answer = await fetch(`${url}/admin${path}`, {
    method,
    headers: { authorization: `Bearer ${ADMIN_TOKEN}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  const text = await answer.text()
  return text === '' ? undefined : JSON.parse(text)
}

async function addPublished(server: Server, body: unknown): Promise<string> {
  const { id, messages } = await admin(server, 'POST', '/profiles', body)
  if (id === undefined) throw new Error(String(messages))
  await until(async () => (await admin(server, 'GET', `/profiles/${id}/status`)).status === 'success')
  return id
}

const layer = (field: string, formula: string, sources = '') => `extends: default
settings: { student_username: number }
${sources}entities:
  users:
    student:
      fields:
        ${field}: ${formula}
`

const HOUSES = `sources:
  students:
    fields:
      u_lake: { house: text }
    rest: { extend: [u_lake] }
    powerquery:
      extend: { u_lake: { studentsdcid: id } }
`

it('explain, preview, table, check and plugin take a profile, and tell of a group what to name instead', async () => {
  const lake = await startPowerSchool({}, { pageSize: 100 })
  const folder = dataDir()
  const settings: Environment = { ADMIN_TOKEN, DATA_DIR: folder, PORT: '0', SYNC_INTERVAL: 'PT0S' }
  const server = await startServer({ ...settings, POWERSCHOOL_TEMPLATE: 'rest' })
  const schools = lake.district.db
    .prepare('select schoolid as number from students where enroll_status = 0 group by 1 order by count(*) desc')
    .all()
    .map(({ number }) => String(number))
  const id = await addPublished(server, {
    displayName: 'Lake',
    dataProvider: { connectionUrl: lake.url, ...lake.credentials, schoolsIds: schools.slice(0, 1) },
    mapping: {
      layers: [
        {
          path: 'lake.yaml',
          text: layer('middleName', '=local_id'),
        },
      ],
    },
    settings: { student_username_suffix: '@lake.example.org' },
    idPrefix: 'lake',
  })
  const group = await addPublished(server, {
    displayName: 'All',
    dataProvider: { '@odata.type': '#oneroster.group', profiles: [id] },
  })
  await server.terminate()
  const run = (...words: string[]) => runCli([...words, '--profile', id], { ...settings, PORT: '3000' })
  const student = lake.district.db
    .prepare('select dcid from students where enroll_status = 0 and last_name is not null and schoolid = ?')
    .get(Number(schools[0]))
  const tried = join(folder, 'tried.yaml')
  writeFileSync(tried, layer('middleName', '="Tried"'))
  const wide = join(folder, 'wide.yaml')
  writeFileSync(wide, layer('middleName', '=u_lake.house', HOUSES))
  writeFileSync(join(folder, 'wrong.yaml'), layer('midleName', '=local_id'))
  const subject = `users/lakestu${student?.dcid}`

  const [explained, counted, preview, other, table, check, wrong, columns, plugin] = await Promise.all([
    run('mapping', 'explain', subject, '--json'),
    run('mapping', 'explain', 'orgs.school', '--json'),
    run('mapping', 'preview', '--json'),
    run('mapping', 'preview', '--mapping', tried, '--json'),
    run('mapping', 'table', '--json'),
    run('mapping', 'check'),
    run('mapping', 'check', '--mapping', join(folder, 'wrong.yaml')),
    run('plugin', '--columns', '--mapping', wide),
    run('plugin', '--out', join(folder, 'lake.zip'), '--json'),
  ])
  const explanation = JSON.parse(explained.stdout)
  expect(explanation.snapshot).toMatchObject({ agrees: true })
  const fields: { name: string; value: unknown }[] = explanation.record.fields
  expect(fields.find(({ name }) => name === 'username')?.value).toMatch(/^\d+@lake\.example\.org$/)
  // Its one school, by its own setting.
  expect(JSON.parse(counted.stdout).rules).toMatchObject([{ published: 1 }])
  expect(JSON.parse(preview.stdout).collections.users).toMatchObject({ added: 0, changed: 0, removed: 0 })
  const { users } = JSON.parse(other.stdout).collections
  expect(users).toMatchObject({ added: 0, removed: 0 })
  expect(users.changed).toBeGreaterThan(5)
  expect(table.stdout).toContain('"file": "lake.yaml"')
  expect(check).toMatchObject({ code: 0, stdout: expect.stringMatching(/^\d+ mapping files, no mistakes/) })
  expect(wrong).toMatchObject({ code: 1, stdout: expect.stringContaining('midleName') })
  expect(columns.stdout).toContain('U_LAKE')
  expect(JSON.parse(plugin.stdout)).toMatchObject({ isNew: true })

  for (const words of [
    ['mapping', 'explain', 'orgs'],
    ['mapping', 'preview'],
    ['mapping', 'table'],
    ['mapping', 'check'],
    ['plugin', '--columns'],
  ]) {
    const { code, stdout, stderr } = await runCli([...words, '--profile', group], settings)
    expect({ words, code, stdout, stderr }).toEqual({
      words,
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(new RegExp(`^The profile is a group, .*\\n.*--profile ${id}`)),
    })
  }
  const unknown = await runCli(['mapping', 'table', '--profile', 'paaaaaaaaaaaaaaaa'], settings)
  expect(unknown).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining(id) })
  const watched = await run('mapping', 'check', '--watch')
  expect(watched).toMatchObject({ code: 2, stderr: expect.stringContaining('--watch looks at files') })
  expect(existsSync(join(folder, 'default.sqlite'))).toBe(false)
})
