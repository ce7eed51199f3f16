using DaprShop.Local.Configuration;

namespace DaprShop.Local.Redis;

/// <summary>How a component reaches its Redis, by the names that daprd knows (components-contrib <c>common/component/redis</c>).</summary>
/// <param name="Address">Host and port.</param>
/// <param name="User">Null for the default user.</param>
/// <param name="Password">Null for none.</param>
/// <param name="Database">Its number.</param>
/// <param name="Tls">Null for a plain connection.</param>
/// <param name="ConnectTimeout">For a new connection.</param>
/// <param name="Timeout">For one command.</param>
public sealed record RedisSettings(
    string Address, string? User, string? Password, int Database, RedisTls? Tls, TimeSpan ConnectTimeout, TimeSpan Timeout)
{
    private const string DefaultPort = "6379";

    private static readonly TimeSpan s_millisecond = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan s_endless = TimeSpan.FromMilliseconds(int.MaxValue);

    /// <param name="settings">Of the component.</param>
    /// <param name="server">Instead of the server that the component names.</param>
    /// <exception cref="ConfigurationError">Something is wrong, or asks for what the local runtime does not do.</exception>
    public static RedisSettings Of(ComponentSettings settings, string server)
    {
        foreach (var unserved in (string[])["failover", "useEntraID", "useAzureAD", "useOIDC"])
            if (settings.Flag(unserved)) throw settings.Error($"{unserved} is not served by the local runtime");
        if (settings.Text("redisType") is { } type && type != "node")
            throw settings.Error($"redisType {type} is not served by the local runtime; it has node");
        return new RedisSettings(
            WithPort(server),
            settings.Text("redisUsername"),
            settings.Text("redisPassword"),
            settings.Number("redisDB") ?? 0,
            settings.Flag("enableTLS")
                ? new RedisTls(settings.Flag("insecureSkipTLSVerify"), settings.Text("clientCert"), settings.Text("clientKey"))
                : null,
            Limit("dialTimeout", 5),
            Limit("readTimeout", 3));

        // −1 is no limit.
        TimeSpan Limit(string name, int seconds) => (settings.Duration(name, s_millisecond) ?? TimeSpan.Zero) switch
        {
            { Ticks: 0 } => TimeSpan.FromSeconds(seconds),
            { Ticks: > 0 } limit when limit < s_endless => limit,
            _ => s_endless,
        };
    }

    private static string WithPort(string server) => server.Contains(':', StringComparison.Ordinal) ? server : $"{server}:{DefaultPort}";
}

/// <param name="TrustsAnyServer">Takes whatever certificate the server has.</param>
/// <param name="Certificate">Of the client, PEM; null for none.</param>
/// <param name="Key">Of the certificate, PEM.</param>
public sealed record RedisTls(bool TrustsAnyServer, string? Certificate, string? Key);

/// <summary>What <c>pubsub.redis</c> says of its streams; daprd's defaults.</summary>
/// <param name="ProcessingTimeout">A message that nobody was done with for so long goes to another.</param>
/// <param name="RedeliverInterval">How often such messages are looked for. With either of the two zero, they are not.</param>
/// <param name="QueueDepth">Messages of one topic that are fetched before they are delivered.</param>
/// <param name="Concurrency">Deliveries of one subscription at the same time.</param>
/// <param name="MaxLength">About how many entries a stream keeps, read or not; null for all.</param>
/// <param name="EntryTtl">How long a stream keeps entries, read or not; null for ever.</param>
public sealed record RedisStreamSettings(
    TimeSpan ProcessingTimeout, TimeSpan RedeliverInterval, int QueueDepth, int Concurrency, int? MaxLength, TimeSpan? EntryTtl)
{
    private static readonly TimeSpan s_millisecond = TimeSpan.FromMilliseconds(1);

    public bool Redelivers => ProcessingTimeout > TimeSpan.Zero && RedeliverInterval > TimeSpan.Zero;

    /// <exception cref="ConfigurationError">Something is wrong.</exception>
    public static RedisStreamSettings Of(ComponentSettings settings) => new(
        settings.Duration("processingTimeout", s_millisecond) ?? TimeSpan.FromSeconds(60),
        settings.Duration("redeliverInterval", s_millisecond) ?? TimeSpan.FromSeconds(15),
        Positive(settings.Number("queueDepth")) ?? 100,
        Positive(settings.Number("concurrency")) ?? 10,
        Positive(settings.Number("maxLenApprox")),
        settings.Duration("streamTTL") is { } ttl && ttl > TimeSpan.Zero ? ttl : null);

    private static int? Positive(int? number) => number > 0 ? number : null;
}
