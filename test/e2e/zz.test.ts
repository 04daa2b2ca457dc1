import { it } from 'vitest'
import { dataDir, startPowerSchool, startServer } from './processes.ts'
import { DatabaseSync } from 'node:sqlite'
it('t', async () => {
    const powerSchool = await startPowerSchool()
    const dir = dataDir()
    const environment = powerSchool.environment(dir)
    const reached = Promise.withResolvers<void>()
    powerSchool.onRequest = (n) => { if (n < 40) return; reached.resolve(); return new Promise(() => {}) }
    const server = await startServer(environment)
    await reached.promise
    const { stdout } = await server.terminate()
    console.log(stdout)
    const db = new DatabaseSync(`${dir}/default.sqlite`)
    console.log(JSON.stringify(db.prepare("select * from crawl_lists where source='terms'").all(), null, 0), db.prepare("select * from crawl_pages where source='terms'").all(), powerSchool.requests.all.slice(30))
})
