import { ipProtocol } from '../decode/protocol.ts'

/** IANA's registry and use, cut down to what is met: ports, then the name that people know. */
const both = `
7 echo, 9 discard, 13 daytime, 17 qotd, 19 chargen, 37 time, 53 dns, 88 kerberos, 111 rpcbind,
123 ntp, 135 msrpc, 137 netbios-ns, 138 netbios-dgm, 139 netbios-ssn, 161 snmp, 162 snmptrap,
177 xdmcp, 319 ptp-event, 320 ptp-general, 389 ldap, 427 slp, 443 https, 464 kpasswd, 500 isakmp,
514 syslog, 546 dhcpv6-client, 547 dhcpv6-server, 554 rtsp, 631 ipp, 750 kerberos-iv, 853 dns-tls,
1194 openvpn, 1434 ms-sql-monitor, 1701 l2tp, 1812 radius, 1813 radius-acct, 1900 ssdp, 2049 nfs,
2152 gtp-u, 3389 rdp, 3478 stun, 3702 ws-discovery, 4500 ipsec-nat-t, 4789 vxlan, 5060 sip,
5061 sips, 5349 stuns, 5353 mdns, 5355 llmnr, 5683 coap, 5684 coaps, 6081 geneve, 51820 wireguard,
1645 radius, 1646 radius-acct, 3544 teredo, 9100 jetdirect, 47808 bacnet, 44818 ethernet-ip
`
const tcp = `
20 ftp-data, 21 ftp, 22 ssh, 23 telnet, 25 smtp, 43 whois, 49 tacacs, 70 gopher, 79 finger, 80 http,
81 http-alt, 102 s7comm, 110 pop3, 113 ident, 119 nntp, 143 imap, 179 bgp, 194 irc, 311 asip-webadmin,
445 smb, 465 smtps, 502 modbus, 512 rexec, 513 rlogin, 515 lpd, 543 klogin, 544 kshell, 548 afp,
563 nntps, 587 submission, 593 http-rpc, 636 ldaps, 646 ldp, 860 iscsi, 873 rsync, 902 vmware-auth,
989 ftps-data, 990 ftps, 992 telnets, 993 imaps, 995 pop3s, 1080 socks, 1099 java-rmi, 1352 notes,
1433 ms-sql, 1521 oracle, 1720 h323, 1723 pptp, 1883 mqtt, 2181 zookeeper, 2222 ssh-alt, 2375 docker,
2376 docker-tls, 2379 etcd, 2404 iec-104, 3000 http-dev, 3128 squid, 3260 iscsi, 3268 ldap-gc,
3269 ldaps-gc, 3306 mysql, 3690 svn, 4369 epmd, 4444 krb524, 5000 upnp, 5222 xmpp, 5269 xmpp-server,
5357 wsd, 5432 postgresql, 5555 adb, 5601 kibana, 5672 amqp, 5671 amqps, 5800 vnc-http, 5900 vnc,
5938 teamviewer, 5985 winrm, 5986 winrms, 6000 x11, 6379 redis, 6443 kubernetes, 6514 syslog-tls,
6667 irc, 6697 ircs, 7001 weblogic, 7070 realserver, 8000 http-alt, 8008 http-alt, 8009 ajp,
8080 http-alt, 8081 http-alt, 8086 influxdb, 8123 home-assistant, 8200 vault, 8291 winbox,
8333 bitcoin, 8443 https-alt, 8500 consul, 8883 mqtts, 8888 http-alt, 9000 http-alt, 9001 tor,
9042 cassandra, 9050 tor-socks, 9090 prometheus, 9092 kafka, 9200 elasticsearch, 9300 elasticsearch,
9418 git, 10000 webmin, 10050 zabbix-agent, 10051 zabbix, 10250 kubelet, 11211 memcached,
15672 rabbitmq, 20000 dnp3, 25565 minecraft, 27017 mongodb, 32400 plex, 50000 db2, 62078 ios-sync
`
const udp = `
67 dhcp-server, 68 dhcp-client, 69 tftp, 80 quic, 520 rip, 521 ripng, 623 ipmi, 1985 hsrp, 2055 netflow,
3222 glbp, 3784 bfd, 4739 ipfix, 5351 nat-pmp, 6343 sflow, 6881 bittorrent, 8443 quic, 9995 netflow,
10001 ubiquiti, 17500 dropbox, 21027 syncthing, 27015 steam, 34964 profinet, 41641 tailscale,
443 quic, 2123 gtp-c, 5246 capwap-control, 5247 capwap-data, 1967 ip-sla, 3479 stun, 19302 stun
`

const shared = parse(both)
const names = new Map([
  [ipProtocol.tcp as number, new Map([...shared, ...parse(tcp)])],
  [ipProtocol.udp, new Map([...shared, ...parse(udp)])],
  [
    ipProtocol.sctp,
    parse('2905 m3ua, 3868 diameter, 9899 sctp-tunneling, 36412 s1ap, 36422 x2ap, 38412 ngap'),
  ],
])

function parse(table: string): Map<number, string> {
  const entries = table.trim().split(/,\s*/)
  return new Map(
    entries.map(entry => {
      const [port = '', name = ''] = entry.split(' ')
      return [Number(port), name]
    }),
  )
}

/**
 * What usually answers on this port of an IP protocol: `ssh`, `dns` … A guess from the number
 * alone, for lines that people read; `undefined` for numbers without a usual service.
 */
export function serviceName(protocol: number, port: number): string | undefined {
  return names.get(protocol)?.get(port)
}
