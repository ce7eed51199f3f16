// The HEALTHCHECK of a service's image, which has neither shell nor curl: exit code 0 when /healthz answers 200, else 1.
// A bare socket, because this program starts every few seconds beside each service and HttpClient would double what it costs.
using System.Net;
using System.Net.Sockets;

var port = Environment.GetEnvironmentVariable("ASPNETCORE_HTTP_PORTS") is { Length: > 0 } ports ? int.Parse(ports.Split(';')[0]) : 8080;
try
{
    using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { ReceiveTimeout = 4000, SendTimeout = 4000 };
    socket.Connect(IPAddress.Loopback, port);
    socket.Send("GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"u8);
    Span<byte> status = stackalloc byte["HTTP/1.1 200".Length];
    var read = 0;
    while (read < status.Length && socket.Receive(status[read..]) is var more and > 0) read += more;
    return status.SequenceEqual("HTTP/1.1 200"u8) ? 0 : 1;
}
catch (SocketException)
{
    return 1;
}
