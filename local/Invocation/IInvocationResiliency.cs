using DaprShop.Local.Hosting;
using Polly;

namespace DaprShop.Local.Invocation;

/// <summary>Time limits, retries and circuit breakers around calls from app to app.</summary>
public interface IInvocationResiliency
{
    /// <summary>What sends a caller's requests to a replica of an app: <see cref="AppChannel.Http"/> when no policy applies.</summary>
    HttpMessageInvoker Between(Sidecar caller, Sidecar callee);

    /// <summary>The policy itself, for calls that are no HTTP requests; null when none applies.</summary>
    ResiliencePipeline? PolicyBetween(Sidecar caller, Sidecar callee);
}
