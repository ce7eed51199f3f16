using Status = Dapr.Client.Autogen.Grpc.v1.UnlockResponse.Types.Status;

namespace DaprShop.Local.Locks;

/// <summary>Where locks are held.</summary>
public interface ILockStore
{
    /// <summary>False when the lock is held, by whomever.</summary>
    /// <exception cref="IOException">It cannot be known.</exception>
    Task<bool> TryAsync(string key, string owner, TimeSpan term);

    /// <exception cref="IOException">It cannot be known.</exception>
    Task<Status> UnlockAsync(string key, string owner);
}
