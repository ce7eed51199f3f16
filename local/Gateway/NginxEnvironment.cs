using System.Text;

namespace DaprShop.Local.Gateway;

/// <summary>Writes environment.conf: where this nginx listens, where the services of this runtime are, and the rates.</summary>
internal static class NginxEnvironment
{
    /// <summary>
    /// In nginx's working directory. While it is there, every answer asks the client to close its connection: workers that a reload
    /// ends close theirs at once, and one on which a request just came would be reset. (Newer nginx has keepalive_min_timeout for it.)
    /// </summary>
    public const string LeavingFile = "leaving";

    /// <param name="settings">The gateway's.</param>
    /// <param name="addresses">To listen on, e.g. <c>127.0.0.1</c> and <c>[::1]</c>.</param>
    public static string Render(GatewaySettings settings, IEnumerable<string> addresses)
    {
        var limits = settings.Limits;
        var conf = new StringBuilder($$"""
            # Written by the local runtime at each start.
            # Which service is away, the runtime tells itself; not once more for each request.
            error_log stderr crit;
            limit_req_zone $strict_key zone=strict:1m rate={{limits.StrictPerMinute}}r/m;
            limit_req_zone $generous_key zone=generous:1m rate={{limits.GenerousPerSecond}}r/s;
            map $service $upstream {
                default $service;
            }
            map "" $client_scheme {
                default $scheme;
            }

            """);
        foreach (var (service, replicas) in settings.Services)
            conf.AppendLine($"upstream {service} {{ zone {service} 64k; {string.Concat(replicas.Select(Server))}keepalive 64; }}");
        conf.AppendLine("server {");
        foreach (var address in addresses) conf.AppendLine($"    listen {address}:{settings.Port} reuseport;");
        conf.AppendLine($$"""
                limit_req zone=strict burst={{limits.StrictBurst}} nodelay;
                limit_req zone=generous burst={{limits.GenerousBurst}} nodelay;
                limit_conn simultaneous {{limits.Simultaneous}};
                include gateway.conf;
                if (-f {{LeavingFile}}) { set $leaving close; }
            }
            """);
        return conf.ToString();
    }

    // On one machine a dead replica refuses at once, so asking it is cheap and its return is noticed with the next request.
    private static string Server(Uri replica) => $"server {replica.Authority} max_fails=0; ";
}
