// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

/// @dev The cheat codes that are used here.
interface Vm {
    function startBroadcast() external;
    function stopBroadcast() external;
    function readFile(string calldata path) external view returns (string memory);
    function parseJsonBytes(string calldata json, string calldata key) external pure returns (bytes memory);
    function parseJsonAddressArray(string calldata json, string calldata key) external pure returns (address[] memory);
    function parseJsonUintArray(string calldata json, string calldata key) external pure returns (uint256[] memory);
}

interface IMintLoop {
    function mint(address[] calldata accounts, uint256[] calldata amounts) external;
}

/// @title A migration as a team writes it by hand with `forge script`: deploy, then mint batch after batch
contract Batch {
    Vm private constant VM = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));

    error DeployFailed();

    /// @param batch Holders a transaction.
    function run(uint256 batch) external {
        bytes memory code = VM.parseJsonBytes(VM.readFile("MintLoop.json"), ".bytecode");
        string memory holders = VM.readFile("holders.json");
        address[] memory accounts = VM.parseJsonAddressArray(holders, ".accounts");
        uint256[] memory amounts = VM.parseJsonUintArray(holders, ".amounts");
        VM.startBroadcast();
        address token;
        assembly ("memory-safe") {
            token := create(0, add(code, 32), mload(code))
        }
        if (token == address(0)) revert DeployFailed();
        for (uint256 at = 0; at < accounts.length; at += batch) {
            uint256 count = accounts.length - at < batch ? accounts.length - at : batch;
            address[] memory someAccounts = new address[](count);
            uint256[] memory someAmounts = new uint256[](count);
            for (uint256 i = 0; i < count; ++i) {
                someAccounts[i] = accounts[at + i];
                someAmounts[i] = amounts[at + i];
            }
            IMintLoop(token).mint(someAccounts, someAmounts);
        }
        VM.stopBroadcast();
    }
}
