// What a start finds in DATA_DIR/profiles: what a removal has left, profiles that were never made, and files of others.
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type Config, readConfig } from '../../src/config.ts'
import { silentLog } from '../../src/log.ts'
import { openDatabase } from '../../src/node/files.ts'
import { openDefault, openNodeProfiles } from '../../src/node/profiles.ts'
import { STORAGE } from '../../src/oneroster/storage.ts'
import { UNTOLD } from '../../src/profiles/untold.ts'
import { migrate } from '../../src/store/migrations.ts'
import { saveProfile } from '../../src/store/profile.ts'
import { dataDir } from '../e2e/processes.ts'
import { SEALING_KEY } from '../support/known.ts'

const [ONE, OTHER] = ['paaaaaaaaaaaaaaaa', 'pbbbbbbbbbbbbbbbb']

function configOf(folder: string): Config {
  const read = readConfig({ DATA_DIR: folder, ADMIN_TOKEN: 'a-token-of-the-tests' }, { needsPowerSchool: false })
  if (!read.ok) throw new Error(JSON.stringify(read.faults))
  return read.config
}

/** What opens there, closed again. */
async function openAll(config: Config) {
  const given = { config, log: silentLog, publicUrl: 'https://bridge.example.org', sealingKey: SEALING_KEY }
  const profiles = await openNodeProfiles({ ...openDefault(config), ...given })
  const answers = await Promise.all(
    (await profiles.list()).map(async (id) => {
      const answer = await (await profiles.open(id))?.fetch(new Request('http://profile/admin/status'))
      return [id, answer?.status === 503 ? ((await answer.json()) as { message: string }).message : 'open']
    }),
  )
  await profiles.stop()
  profiles.close()
  return Object.fromEntries(answers) as Readonly<Record<string, string>>
}

/** A store as this version of the bridge makes it. */
function makeStore(config: Config, profile: string, fill: (sql: ReturnType<typeof openDatabase>) => void): void {
  const sql = openDatabase(config, { profile })
  migrate(sql, STORAGE)
  fill(sql)
  sql.close()
}

const publish = (sql: ReturnType<typeof openDatabase>) =>
  sql.run(
    `insert into generations (number, time, time_ms, head, sync) values (1, '2026-01-01T00:00:00.000Z', 1, '{', 's')`,
  )

describe('a start', () => {
  it('removes what a removal that was cut short has left, and nothing else', async () => {
    const config = configOf(dataDir())
    const folder = join(config.dataDir, 'profiles')
    mkdirSync(folder)
    const others = ['notes.txt', 'default.sqlite-wal', `${ONE}.sqlite-wal.copy`]
    for (const name of [...others, `${ONE}.sqlite-wal`, `${ONE}.sqlite-shm`, `${OTHER}.sqlite-journal`]) {
      writeFileSync(join(folder, name), '')
    }
    expect(await openAll(config)).toEqual({})
    expect(readdirSync(folder).sort()).toEqual(others.sort())
  })

  it('removes a profile that nobody was told of, for the process had ended before it was made', async () => {
    const config = configOf(dataDir())
    makeStore(config, ONE, () => {})
    expect(await openAll(config)).toEqual({})
    expect(readdirSync(join(config.dataDir, 'profiles'))).toEqual([])
  })

  it('leaves a copy of another profile as it is, says whose it is, and serves nothing of it', async () => {
    const config = configOf(dataDir())
    makeStore(config, ONE, (sql) => saveProfile(sql, { ...UNTOLD, id: OTHER, settings: { displayName: 'Other' } }))
    makeStore(config, OTHER, publish)
    const told = await openAll(config)
    expect(told[ONE]).toContain(`profiles/${ONE}.sqlite holds another profile: ${OTHER}.`)
    expect(told[OTHER]).toContain('holds another profile: the one of the settings.')
    for (const id of [ONE, OTHER]) expect(existsSync(join(config.dataDir, 'profiles', `${id}.sqlite`))).toBe(true)
  })

  it('refuses the file of an added profile in the place of the one of the settings', async () => {
    const config = configOf(dataDir())
    makeStore(config, 'default', (sql) => saveProfile(sql, { ...UNTOLD, id: ONE }))
    const connected = {
      ...config,
      powerSchool: { url: 'https://ps.example.org', clientId: 'a', clientSecret: 'a-secret' },
    }
    await expect(openAll(connected)).rejects.toThrow(`default.sqlite holds another profile: ${ONE}.`)
  })
})
