using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using DaprShop.Local.Configuration;
using StackExchange.Redis;

namespace DaprShop.Local.Redis;

/// <summary>
/// The Redis of <c>--redis</c>. Components that reach it in the same way share a connection. A connection that is lost is made again
/// by itself; meanwhile commands wait for it, as long as a command may take.
/// </summary>
/// <param name="server">Host and port; null when components of Redis' types are to be embedded.</param>
public sealed class RedisServers(string? server) : IAsyncDisposable
{
    private const int ReconnectMilliseconds = 250;

    private readonly Dictionary<RedisSettings, ConnectionMultiplexer> _connections = [];

    /// <summary>Whether components of Redis' types are to use it.</summary>
    public bool IsGiven => server is not null;

    /// <summary>The database of a component.</summary>
    /// <exception cref="ConfigurationError">A setting is wrong, or nobody answers there.</exception>
    public IDatabase Open(ComponentSettings component)
    {
        var settings = RedisSettings.Of(component, server ?? throw new InvalidOperationException("No Redis was given."));
        var shared = settings with { Database = 0 };
        if (_connections.TryGetValue(shared, out var connection)) return connection.GetDatabase(settings.Database);
        try
        {
            _connections[shared] = connection = ConnectionMultiplexer.Connect(Options(settings));
            var database = connection.GetDatabase(settings.Database);
            // Asks the database itself; a ping would not find out that it is not there.
            database.KeyExists(component.Name);
            return database;
        }
        catch (Exception failure) when (RedisCall.IsFailure(failure) || failure is CryptographicException or ArgumentException)
        {
            throw component.Error($"cannot use Redis at {settings.Address}: {failure.Message}");
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var connection in _connections.Values) await connection.DisposeAsync();
    }

    private static ConfigurationOptions Options(RedisSettings settings)
    {
        var options = new ConfigurationOptions
        {
            EndPoints = { settings.Address },
            User = settings.User,
            Password = settings.Password,
            ClientName = "daprshop-local",
            ConnectTimeout = (int)settings.ConnectTimeout.TotalMilliseconds,
            AsyncTimeout = (int)settings.Timeout.TotalMilliseconds,
            SyncTimeout = (int)settings.Timeout.TotalMilliseconds,
            ReconnectRetryPolicy = new LinearRetry(ReconnectMilliseconds),
            IncludeDetailInExceptions = false,
            Ssl = settings.Tls is not null,
        };
        if (settings.Tls is not { } tls) return options;
        options.CertificateValidation += (_, _, _, errors) => tls.TrustsAnyServer || errors == SslPolicyErrors.None;
        if (tls is not { Certificate: { } pem, Key: { } key }) return options;
        var certificate = X509Certificate2.CreateFromPem(pem, key);
        options.CertificateSelection += (_, _, _, _, _) => certificate;
        return options;
    }
}

/// <summary>Redis did not do what it was asked to: it is away, or it refused.</summary>
public sealed class RedisFailure(string message, Exception? cause = null) : IOException(message, cause);

internal static class RedisCall
{
    /// <summary>Redis or the way to it failed, whatever the library calls it.</summary>
    public static bool IsFailure(Exception error) =>
        error is RedisException or RedisCommandException or TimeoutException or ObjectDisposedException;

    /// <exception cref="RedisFailure">Instead of what the library throws.</exception>
    public static async Task<T> OrFailure<T>(this Task<T> call, string prefix = "")
    {
        try
        {
            return await call;
        }
        catch (Exception error) when (IsFailure(error))
        {
            throw new RedisFailure(prefix + error.Message, error);
        }
    }
}
