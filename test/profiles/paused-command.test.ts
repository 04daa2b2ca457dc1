// A sync by the command line, while the server is told that the profile is to stop.
import { expect, it } from 'vitest'
import { ADMIN_TOKEN, startPowerSchool } from '../e2e/powerschool.ts'
import { dataDir, spawnNode, startServer, until } from '../e2e/processes.ts'

it('ends at its next safe point when the profile is paused, and says so', async () => {
  const lake = await startPowerSchool()
  const settings = { ...lake.environment(dataDir()), SYNC_INTERVAL: 'PT0S' }
  const server = await startServer(settings)
  const admin = (method: string, path: string) =>
    fetch(`${server.url}/admin${path}`, { method, headers: { authorization: `Bearer ${ADMIN_TOKEN}` } })
  await until(async () => (await fetch(`${server.url}/readyz`)).ok)
  await until(async () => (await (await admin('GET', '/profiles/default/status')).json()).status === 'success')

  const held = Promise.withResolvers<void>()
  const begun = Promise.withResolvers<void>()
  lake.onRequest = () => {
    begun.resolve()
    return held.promise
  }
  const command = spawnNode('src/cli.ts', ['sync', '--now', '--json'], { ...settings, PUBLIC_URL: server.url })
  await begun.promise
  expect((await admin('POST', '/profiles/default/pause')).status).toBe(200)
  await command.printed(/The profile is paused/, 'stderr')
  held.resolve()
  const { code, stdout } = await command.ended
  expect(code).toBe(1)
  expect(JSON.parse(stdout)).toMatchObject({ status: 'paused' })
})
