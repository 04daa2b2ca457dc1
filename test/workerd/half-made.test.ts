// An id whose Worker ended before its object was told what it is: nobody is held up by it for ever.
import { env, runInDurableObject, SELF } from 'cloudflare:test'
import { expect, it } from 'vitest'
import { ADMIN_TOKEN, ORIGIN } from './bindings.ts'

const ID = 'phalfmadehalfmade'
const control = () => env.CONTROL.get(env.CONTROL.idFromName('control'))
/** As `runInDurableObject` wants it. */
const asObject = (stub: unknown) => stub as Parameters<typeof runInDurableObject>[0]
const list = async () => {
  const answer = await SELF.fetch(`${ORIGIN}/admin/profiles`, { headers: { authorization: `Bearer ${ADMIN_TOKEN}` } })
  const { profiles } = (await answer.json()) as { profiles: readonly { readonly id: string }[] }
  return profiles.map(({ id }) => id)
}

it('may still be told for some minutes, and is forgotten then by whoever asks it', async () => {
  await control().add(ID)
  await list()
  expect(await control().has(ID)).toBe(true)
  await runInDurableObject(asObject(control()), (_, { storage }) => void storage.sql.exec('update made set ms = 0'))
  await list()
  expect(await control().has(ID)).toBe(false)
  expect(await list()).not.toContain(ID)
})
