namespace DaprShop.Gateway.Tests;

/// <summary>Starts the gateway that most tests of a class share.</summary>
public sealed class SharedGateway : IAsyncDisposable
{
    private Task<GatewayUnderTest>? _started;

    public Task<GatewayUnderTest> StartAsync(string kind) => _started ??= GatewayUnderTest.StartAsync(kind);

    public async ValueTask DisposeAsync()
    {
        if (_started is not null) await (await _started).DisposeAsync();
    }
}

public sealed class BuiltInGatewayTests(SharedGateway shared) : GatewayTests(shared, "builtin");

public sealed class NginxGatewayTests(SharedGateway shared) : GatewayTests(shared, "nginx");
