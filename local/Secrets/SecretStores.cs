using DaprShop.Local.Configuration;
using DaprShop.Local.Errors;
using DaprShop.Local.Hosting;
using DaprShop.Local.Resiliency;
using Grpc.Core;

namespace DaprShop.Local.Secrets;

/// <summary>Secrets as apps may ask for them: the stores in scope of their sidecar.</summary>
public sealed class SecretStores
{
    private readonly Dictionary<string, Dictionary<string, ILocalSecrets>> _stores;
    private readonly ResiliencyPolicies _resiliency;

    public SecretStores(AppRegistry apps, ResiliencyPolicies resiliency)
    {
        _resiliency = resiliency;
        var opened = new Dictionary<ComponentSpec, ILocalSecrets>();
        _stores = apps.Sidecars.DistinctBy(sidecar => sidecar.AppId).ToDictionary(
            sidecar => sidecar.AppId,
            sidecar => sidecar.Components.Where(IsSecretStore).ToDictionary(component => component.Name, Open, StringComparer.Ordinal));

        ILocalSecrets Open(ComponentSpec component)
        {
            if (!opened.TryGetValue(component, out var store)) opened[component] = store = LocalSecrets.Open(component);
            return store;
        }
    }

    /// <exception cref="DaprError">No such store, no such secret, or none for this app.</exception>
    public Task<IReadOnlyDictionary<string, string>> GetAsync(Sidecar sidecar, string store, string name, CancellationToken cancellation)
    {
        var secrets = StoreOf(sidecar, store);
        if (!sidecar.Secrets.Allow(store, name))
        {
            throw new DaprError(
                StatusCodes.Status403Forbidden, "ERR_PERMISSION_DENIED", StatusCode.PermissionDenied,
                $"access denied by policy to get \"{name}\" from \"{store}\"");
        }
        return CallAsync(
            sidecar, store, () => secrets.Get(name) ?? throw new IOException($"secret {name} not found"),
            $"failed getting secret with key {name} from secret store {store}", cancellation);
    }

    /// <summary>Those that the app may have.</summary>
    /// <exception cref="DaprError">No such store.</exception>
    public async Task<IEnumerable<KeyValuePair<string, Dictionary<string, string>>>> GetAllAsync(
        Sidecar sidecar, string store, CancellationToken cancellation)
    {
        var secrets = StoreOf(sidecar, store);
        var all = await CallAsync(sidecar, store, secrets.All, $"failed getting secrets from secret store {store}", cancellation);
        return all.Where(secret => sidecar.Secrets.Allow(store, secret.Key));
    }

    private async Task<T> CallAsync<T>(Sidecar sidecar, string store, Func<T> get, string what, CancellationToken cancellation)
    {
        try
        {
            return _resiliency.For(sidecar.AppId).Outbound(store, ComponentKind.Secretstore) is { } policy
                ? await policy.CallAsync(static (get, _) => Task.FromResult(get()), get, cancellation)
                : get();
        }
        catch (IOException failure)
        {
            throw new DaprError(
                StatusCodes.Status500InternalServerError, "ERR_SECRET_GET", StatusCode.Internal, $"{what}: {failure.Message}");
        }
    }

    private ILocalSecrets StoreOf(Sidecar sidecar, string name)
    {
        var stores = _stores[sidecar.AppId];
        if (stores.Count == 0)
        {
            throw new DaprError(
                StatusCodes.Status500InternalServerError, "ERR_SECRET_STORES_NOT_CONFIGURED", StatusCode.FailedPrecondition,
                "secret store is not configured");
        }
        return stores.TryGetValue(name, out var store) ? store : throw new DaprError(
            StatusCodes.Status401Unauthorized, "ERR_SECRET_STORE_NOT_FOUND", StatusCode.InvalidArgument,
            $"failed finding secret store with key {name}");
    }

    private static bool IsSecretStore(ComponentSpec component) =>
        component.Type.StartsWith(LocalSecrets.TypePrefix, StringComparison.Ordinal);
}
