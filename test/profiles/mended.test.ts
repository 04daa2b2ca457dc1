// What a profile does not go on with after its settings were mended, and what it waits for although it was begun anew.
import { expect, it } from 'vitest'
import { bodyOf, openTown, school } from './town.ts'

const LAKE = 'lake.example.org'

it('does not publish on resume what the guard holds of settings that are no more', async () => {
  const power = school(1, { students: 200 })
  const town = await openTown({ servers: { [LAKE]: power } })
  const id = await town.add(bodyOf(LAKE, power))
  const number = power.district.db.prepare(`select max(school_number) as n from schools where school_number < 999999`)
  await town.admin('PATCH', `/profiles/${id}`, { dataProvider: { schoolsIds: [String(number.get()?.n)] } })
  await town.settled()
  expect((await town.admin('GET', `/profiles/${id}/status`)).json.status).toBe('validationError')
  await town.admin('POST', `/profiles/${id}/pause`)
  expect((await town.admin('PATCH', `/profiles/${id}`, { dataProvider: { schoolsIds: null } })).status).toBe(202)
  await town.settled()
  expect((await town.admin('POST', `/profiles/${id}/resume`)).status).toBe(200)
  await town.settled()
  expect(town.logged.filter((line) => line.includes('sync-released'))).toEqual([])
  expect((await town.admin('GET', `/profiles/${id}/status`)).json.status).toBe('success')
})

it('waits for its next try to be provisioned, however often it is begun anew meanwhile', async () => {
  const power = school(1)
  const town = await openTown({ servers: { 'hill.example.org': school(2) } })
  const { json } = await town.admin('POST', '/profiles', bodyOf(LAKE, power))
  await town.settled()
  const tries = () => town.logged.filter((line) => line.includes('profile-not-yet')).length
  expect(tries()).toBe(1)
  for (let restarts = 0; restarts < 8; restarts += 1) await town.restart()
  expect(tries()).toBe(1)
  await town.pass(30_000)
  expect(tries()).toBe(2)
  expect((await town.admin('GET', `/profiles/${json.id}`)).json.state).toBe('provisioning')
})
