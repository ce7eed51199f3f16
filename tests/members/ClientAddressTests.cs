using System.Net;
using Microsoft.AspNetCore.Http;

namespace DaprShop.Members.Tests;

public sealed class ClientAddressTests
{
    [Fact]
    public void Only_what_the_gateway_appended_counts()
    {
        Assert.Equal(Key("203.0.113.7"), Key("198.51.100.1, 203.0.113.7"));
        Assert.Equal(Key("203.0.113.7"), Key("forged", "x, 203.0.113.7"));
        Assert.NotEqual(Key("203.0.113.7"), Key("203.0.113.7, 203.0.113.8"));
    }

    [Fact]
    public void Without_a_gateway_the_connection_counts()
    {
        Assert.Equal(Key("192.0.2.1"), Key());
        Assert.Equal(Key("192.0.2.1"), Key("no address"));
        Assert.Equal(Key("192.0.2.1"), Key("::ffff:192.0.2.1"));
    }

    [Fact]
    public void A_network_of_IPv6_addresses_counts_as_one()
    {
        Assert.Equal(Key("2001:db8:1:2::1"), Key("2001:db8:1:2:ffff::9"));
        Assert.NotEqual(Key("2001:db8:1:2::1"), Key("2001:db8:1:3::1"));
    }

    [Fact]
    public void A_service_that_calls_for_a_visitor_passes_on_the_visitors_address()
    {
        Assert.Equal(Key("203.0.113.7"), KeyOf("web", "forged, 203.0.113.7", "10.0.0.5"));
        Assert.Equal(Key("203.0.113.7"), KeyOf("web", "203.0.113.7, 10.0.0.5"));
        Assert.Equal(Key("10.0.0.5"), KeyOf("web", "10.0.0.5"));
    }

    private static string Key(params string[] forwarded) => KeyOf(null, forwarded);

    private static string KeyOf(string? caller, params string[] forwarded)
    {
        var context = new DefaultHttpContext();
        context.Connection.RemoteIpAddress = IPAddress.Parse("192.0.2.1");
        if (caller is not null) context.Request.Headers["dapr-caller-app-id"] = caller;
        if (forwarded.Length > 0) context.Request.Headers["X-Forwarded-For"] = forwarded;
        return ClientAddress.Key(context);
    }
}
