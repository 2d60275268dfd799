import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { isRoot } from '../capture/support/root.ts'
import * as p from '../generate/packets.ts'
import { caught } from './support/caught.ts'
import { attacker, gateway, type Host, have, LinkLab, victim } from './support/link.ts'

/** What the detectors promise, in seconds: `window` of scans and guessing; what others need to be sure. */
const scanWindow = { by: attacker, within: 300 }

const attackerMac = '02-00-5E-00-53-66'

const nmap =
  (...args: string[]) =>
  (lab: LinkLab) =>
    lab.run(attacker, 'nmap', '-n', ...args)

describe.skipIf(!isRoot || !have('nmap', 'tcpdump'))('nmap is one alert:', () => {
  test.each([
    ['SYN', 'syn', ['-sS', '-Pn', '-p', '1-200', victim.ip]],
    ['connect', 'syn', ['-sT', '-Pn', '-p', '1-200', victim.ip]],
    ['NULL', 'null', ['-sN', '-Pn', '-p', '1-100', victim.ip]],
    ['FIN', 'fin', ['-sF', '-Pn', '-p', '1-100', victim.ip]],
    ['XMAS', 'xmas', ['-sX', '-Pn', '-p', '1-100', victim.ip]],
    ['UDP', 'udp', ['-sU', '-Pn', '-p', '100-150', '--max-retries', '0', victim.ip]],
  ])('%s', async (_, technique, args) => {
    await using lab = new LinkLab()
    expect(await caught(lab, scanWindow, nmap(...args))).toMatchObject([
      {
        rule: { name: 'Port Scan From Inside' },
        source: { ip: attacker.ip },
        destination: { ip: victim.ip },
        orthrus: { signal: { name: 'port-scan', entity: attacker.ip, evidence: { technique } } },
      },
    ])
  })

  test('a sweep of the link', async () => {
    await using lab = new LinkLab()
    expect(await caught(lab, scanWindow, nmap('-sn', '192.0.2.0/24'))).toMatchObject([
      {
        rule: { name: 'Sweep for Hosts From Inside' },
        source: { ip: attacker.ip, mac: attackerMac },
        orthrus: { signal: { name: 'host-sweep', evidence: { technique: 'arp' } } },
      },
    ])
  })
})

describe.skipIf(!isRoot || !have('arpspoof', 'tcpdump'))('arpspoof', () => {
  test('between gateway and victim is one alert of level high', async () => {
    await using lab = new LinkLab()
    const alerts = await caught(lab, { by: attacker, within: 30 }, async () => {
      await lab.run(victim, 'ping', '-c', '2', '-W', '1', gateway.ip)
      await lab.run(victim, 'ping', '-c', '1', '-W', '1', '198.51.100.1')
      lab.start(attacker, 'arpspoof', '-i', 'eth0', '-t', victim.ip, gateway.ip)
      lab.start(attacker, 'arpspoof', '-i', 'eth0', '-t', gateway.ip, victim.ip)
    })
    expect(alerts).toMatchObject([
      {
        rule: { name: 'ARP Spoofing' },
        source: { mac: attackerMac },
        orthrus: { signal: { entity: attackerMac, evidence: { protocol: 'arp' } } },
      },
    ])
  })
})

/** A DHCP server of a host that gives out itself as router. */
const serve = (lab: LinkLab, host: Host, range: string) =>
  lab.start(
    host,
    'dnsmasq',
    '--keep-in-foreground',
    '--conf-file=/dev/null',
    '--port=0',
    '--interface=eth0',
    '--bind-interfaces',
    '--no-ping',
    '--user=root',
    `--dhcp-range=${range},255.255.255.0,10m`,
    `--dhcp-option=3,${host.ip}`,
    `--dhcp-option=6,${host.ip}`,
    `--dhcp-leasefile=${lab.path(`${host.name}.leases`)}`,
    `--pid-file=${lab.path(`${host.name}.pid`)}`,
  )

describe.skipIf(!isRoot || !have('dnsmasq', 'tcpdump'))('dnsmasq', () => {
  test('that is not the network’s own is one alert', async () => {
    await using lab = new LinkLab()
    const discover = (xid: number) => {
      const { mac } = victim
      const layer = p.dhcp({ type: p.DHCP_DISCOVER, clientMac: mac, xid })
      const packet = p.udp({ srcPort: 68, dstPort: 67 }, layer)
      const ends = { src: '0.0.0.0', dst: '255.255.255.255' }
      lab.frame(victim, p.ethernet({ src: mac, dst: 'ff:ff:ff:ff:ff:ff' }, p.ipv4(ends, packet)))
    }
    const alerts = await caught(lab, { by: attacker, within: 10 }, async () => {
      serve(lab, gateway, '192.0.2.100,192.0.2.120')
      await sleep(1000)
      discover(1)
      await sleep(1000)
      serve(lab, attacker, '192.0.2.200,192.0.2.220')
      await sleep(1000)
      discover(2)
    })
    expect(alerts).toMatchObject([
      {
        rule: { name: 'Rogue DHCP Server' },
        orthrus: {
          signal: {
            entity: attacker.ip,
            evidence: { server_mac: attackerMac, known: gateway.ip, routers: [attacker.ip] },
          },
        },
      },
    ])
  })
})

describe.skipIf(!isRoot || !have('sshd', 'sshpass', 'ssh-keygen', 'tcpdump'))('a real sshd', () => {
  test('whose passwords are guessed is one alert', async () => {
    await using lab = new LinkLab()
    const key = lab.path('host_key')
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', key])
    const config = `HostKey ${key}\nUsePAM no\nPasswordAuthentication yes\nPidFile none\n`
    writeFileSync(lab.path('sshd_config'), config)
    mkdirSync('/run/sshd', { recursive: true })
    lab.start(victim, '/usr/sbin/sshd', '-D', '-e', '-f', lab.path('sshd_config'))
    await sleep(500)
    const guess = (i: number) =>
      lab.run(
        attacker,
        'sshpass',
        '-p',
        `wrong-${i}`,
        'ssh',
        '-o',
        'StrictHostKeyChecking=no',
        '-o',
        'UserKnownHostsFile=/dev/null',
        '-o',
        'NumberOfPasswordPrompts=1',
        `guest${i}@${victim.ip}`,
        'true',
      )
    const alerts = await caught(lab, { by: attacker, within: 300 }, async () => {
      for (let round = 0; round < 4; round++) {
        await Promise.all([0, 1, 2].map(i => guess(round * 3 + i)))
      }
    })
    // `ssh` asks three times in a session: without anything, interactively, and with its password.
    expect(alerts).toMatchObject([
      {
        rule: { name: 'Password Guessing' },
        source: { ip: attacker.ip },
        destination: { ip: victim.ip, port: 22 },
        orthrus: { signal: { evidence: { service: 'ssh', attempts: 7 } } },
      },
    ])
  })
})

describe.skipIf(!isRoot || !have('hping3', 'tcpdump'))('hping3', () => {
  test('that floods a port is one alert', async () => {
    await using lab = new LinkLab()
    const flood = ['-S', '-p', '80', '-i', 'u500', '-c', '5000', '-q', victim.ip]
    const window = { by: attacker, within: 10 }
    const alerts = await caught(lab, window, () => lab.run(attacker, 'hping3', ...flood))
    expect(alerts).toMatchObject([
      {
        rule: { name: 'Flood of Packets' },
        destination: { ip: victim.ip },
        orthrus: {
          signal: { entity: attacker.ip, evidence: { port: 80, connections: 2000, sources: 1 } },
        },
      },
    ])
  })
})

describe.skipIf(!isRoot || !have('tcpdump'))('a tunnel through pings', () => {
  test('is one alert', async () => {
    await using lab = new LinkLab()
    // As tunnels do: the kernel keeps quiet, and a program answers with bytes of its own.
    lab.space(victim).run('sysctl', '-q', '-w', 'net.ipv4.icmp_echo_ignore_all=1')
    const send = (from: Host, to: Host, seq: number, size: number) => {
      const layer = p.echo({ id: 9, seq, reply: from === victim }, new Uint8Array(size).fill(seq))
      const packet = p.ipv4({ src: from.ip, dst: to.ip }, layer)
      lab.frame(from, p.ethernet({ src: from.mac, dst: to.mac }, packet))
    }
    const alerts = await caught(lab, { by: attacker, within: 120 }, async () => {
      for (let seq = 0; seq < 60; seq++) {
        send(attacker, victim, seq, 100)
        send(victim, attacker, seq, 1000)
        await sleep(20)
      }
    })
    expect(alerts).toMatchObject([
      {
        rule: { name: 'Data Hidden in Pings' },
        source: { ip: attacker.ip },
        destination: { ip: victim.ip },
        orthrus: { signal: { evidence: { packets: 120, bytes: 66_960, imbalance: 0.89 } } },
      },
    ])
  })
})
