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

public static class StoredKeysSetup
{
    /// <summary>To be called after everything else that uses Data Protection was added.</summary>
    public static void AddStoredKeys(this IServiceCollection services)
    {
        services.AddSingleton<StoredKeys>();
        services.AddDataProtection().SetApplicationName("daprshop-web");
        // It would read the keys before the port opens, and the sidecar waits for the port. They are read when first needed.
        services.Remove(services.Single(service => service.ImplementationType?.Name == "DataProtectionHostedService"));
        services.AddOptions<KeyManagementOptions>().Configure<StoredKeys>((options, keys) => options.XmlRepository = keys);
    }
}
