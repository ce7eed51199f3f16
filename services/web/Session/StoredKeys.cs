using System.Xml.Linq;
using DaprShop.Common;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Microsoft.AspNetCore.DataProtection.Repositories;

namespace DaprShop.Web.Session;

/// <summary>The keys that encrypt cookies and forms, in web's own state store: restarts and replicas share them.</summary>
public sealed class StoredKeys(StateStore state) : IXmlRepository
{
    private const string Key = "data-protection-keys";
    private static readonly TimeSpan s_timeLimit = TimeSpan.FromSeconds(5);

    // The interface is synchronous. It is called once at start and once a day.
    public IReadOnlyCollection<XElement> GetAllElements() => Wait(async cancellation =>
        (IReadOnlyCollection<XElement>)[.. (await ReadAsync(cancellation)).Value!.Select(XElement.Parse)]);

    /// <summary>Ends when the store answers; fails when it does not.</summary>
    public Task ReachAsync(CancellationToken cancellation) => ReadAsync(cancellation);

    public void StoreElement(XElement element, string friendlyName) => Wait(cancellation => Optimistic.RetryAsync<string>(async () =>
    {
        var (keys, etag) = await ReadAsync(cancellation);
        string[] more = [.. keys!, element.ToString(SaveOptions.DisableFormatting)];
        return await state.TrySaveAsync(Key, more, etag, cancellation: cancellation) ? "saved" : null;
    }));

    private async Task<Versioned<string[]>> ReadAsync(CancellationToken cancellation)
    {
        var keys = await state.GetAsync<string[]>(Key, cancellation);
        return keys with { Value = keys.Value ?? [] };
    }

    private static T Wait<T>(Func<CancellationToken, Task<T>> work)
    {
        using var limit = new CancellationTokenSource(s_timeLimit);
        return Task.Run(() => work(limit.Token), limit.Token).GetAwaiter().GetResult();
    }
}

/// <summary>
/// Reads the keys, or makes the first one, in the background: the framework would do it before the port opens, and the sidecar waits for the
/// port.
/// </summary>
public sealed class KeysAtHand(StoredKeys keys, IDataProtectionProvider protection, ILogger<KeysAtHand> logger) : BackgroundService
{
    private static readonly TimeSpan s_retry = TimeSpan.FromMilliseconds(200);

    private volatile bool _done;

    public bool Done => _done;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                // The framework makes much noise about a store that is not there yet.
                await keys.ReachAsync(stoppingToken);
                await Task.Run(() => protection.CreateProtector(nameof(KeysAtHand)).Protect("a first use"), stoppingToken);
                _done = true;
                return;
            }
            catch (Exception error) when (!stoppingToken.IsCancellationRequested)
            {
                // At start the sidecar is often not there yet.
                logger.LogDebug(error, "The keys could not be read; trying again");
            }
            await Task.Delay(s_retry, stoppingToken);
        }
    }
}

public static class StoredKeysSetup
{
    /// <summary>To be called after everything else that uses Data Protection was added.</summary>
    public static void AddStoredKeys(this IServiceCollection services)
    {
        services.AddSingleton<StoredKeys>();
        services.AddSingleton(provider => ActivatorUtilities.CreateInstance<KeyProtection>(provider, SealedKeys.Setting));
        services.AddDataProtection().SetApplicationName("daprshop-web");
        services.Remove(services.Single(service => service.ImplementationType?.Name == "DataProtectionHostedService"));
        services.AddSingleton<KeysAtHand>().AddHostedService(provider => provider.GetRequiredService<KeysAtHand>());
        services.AddReadiness<KeysAtHand>(keys => keys.Done);
        services.AddOptions<KeyManagementOptions>().Configure<StoredKeys, KeyProtection>((options, keys, protection) =>
        {
            options.XmlRepository = keys;
            if (protection.IsOn) options.XmlEncryptor = new SealedKeys(protection);
        });
    }
}
