using DaprShop.Local.Configuration;
using DaprShop.Local.Errors;
using DaprShop.Local.Hosting;
using Grpc.Core;

namespace DaprShop.Local.Secrets;

/// <summary>Secrets as apps may ask for them: the stores in scope of their sidecar.</summary>
public sealed class SecretStores
{
    private readonly Dictionary<string, Dictionary<string, ILocalSecrets>> _stores;

    public SecretStores(AppRegistry apps)
    {
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

    /// <exception cref="DaprError">No such store, or no such secret.</exception>
    public IReadOnlyDictionary<string, string> Get(Sidecar sidecar, string store, string name) =>
        StoreOf(sidecar, store).Get(name) ?? throw new DaprError(
            StatusCodes.Status500InternalServerError, "ERR_SECRET_GET", StatusCode.Internal,
            $"failed getting secret with key {name} from secret store {store}: secret {name} not found");

    /// <exception cref="DaprError">No such store.</exception>
    public IReadOnlyDictionary<string, Dictionary<string, string>> GetAll(Sidecar sidecar, string store) => StoreOf(sidecar, store).All();

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
